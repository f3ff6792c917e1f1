/** The invocations of a workgroup that work on one row together. */
export const TEAM = 64;

/** Memory in which a team folds. */
export const teamMemory: string = `var<workgroup> team: array<f32, ${TEAM}>;`;

/** Folds a variable of each of the team into one value that all of them have, always in one order. */
export function foldTeam(variable: string, step: (a: string, b: string) => string): string {
  return `workgroupBarrier();
  team[l] = ${variable};
  for (var half = ${TEAM / 2}u; half > 0u; half = half >> 1u) {
    workgroupBarrier();
    if (l < half) { team[l] = ${step('team[l]', 'team[l + half]')}; }
  }
  workgroupBarrier();
  ${variable} = team[0];`;
}
