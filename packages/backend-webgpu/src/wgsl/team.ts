import { either } from './either.ts';

/** The invocations of a workgroup that work on one row together. */
export const TEAM = 64;

/** Memory in which a team folds. */
export const teamMemory: string = `var<workgroup> team: array<f32, ${TEAM}>;`;

/**
 * Folds a variable of each of the team into one value that all of them have, always in one order. `start` changes nothing that it is
 * folded with.
 *
 * Subgroups, of whatever size, fold among themselves; one of each leaves what it has in the team's memory, where all others leave
 * `start`, and then each subgroup folds that.
 */
export function foldTeam(variable: string, step: (a: string, b: string) => string, start: string): string {
  const among = (value: string): string =>
    `for (var by = subgroupSize >> 1u; by > 0u; by = by >> 1u) { let other = subgroupShuffleXor(${value}, by); ${value} = ${step(value, 'other')}; }`;
  const tree = `team[l] = ${variable};
  for (var half = ${TEAM / 2}u; half > 0u; half = half >> 1u) {
    workgroupBarrier();
    if (l < half) { team[l] = ${step('team[l]', 'team[l + half]')}; }
  }
  workgroupBarrier();
  ${variable} = team[0];`;
  const subgroups = `${among(variable)}
  if (subgroupLane == 0u) { team[l] = ${variable}; } else { team[l] = ${start}; }
  workgroupBarrier();
  ${variable} = team[subgroupLane];
  for (var i = subgroupSize; i < ${TEAM}u; i = i + subgroupSize) { let other = team[i + subgroupLane]; ${variable} = ${step(variable, 'other')}; }
  ${among(variable)}`;
  return `workgroupBarrier();\n  ${either(subgroups, tree)}`;
}

/** Adds a variable up over the team. */
export function addTeam(variable: string): string {
  return foldTeam(variable, (a, b) => `${a} + ${b}`, '0.0');
}
