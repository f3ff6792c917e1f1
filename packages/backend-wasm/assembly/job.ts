// Jobs and loops as they lie in memory, one after another.
//
// A job: [bytes, chunks, units, chunk, tile, calls, tenths of milliseconds in which a chunk is done, 0], then its calls. A call: [kernel,
// parameters, moves, scratches, count's place or −1, units' worth of it], its parameters in eight bytes each, its moves [place, step],
// and the places of addresses in scratch memory.
//
// The end of a loop: [bytes, −1, turns left, turns, bytes of its body, moves, 0, 0], then for each word of the body that moves from
// turn to turn how far before this it lies, and its step.
import { FRAME, FRAMES, STRIDE } from './control';
import { invoke } from './dispatch';

/** Does one chunk of a job: its calls, tile by tile. */
export function runChunk(control: usize, job: usize, which: i32, thread: i32): void {
  const units = load<i32>(job, 8), chunk = load<i32>(job, 12), tile = load<i32>(job, 16), calls = load<i32>(job, 20);
  const end = min<i32>(units, (which + 1) * chunk);
  const frame = control + FRAMES + <usize>thread * FRAME;
  const scratch = thread * load<i32>(control, STRIDE);
  for (let first = which * chunk; first < end; first += tile) {
    const count = min<i32>(tile, end - first);
    let call = job + 32;
    for (let c = 0; c < calls; c++) {
      const kernel = load<i32>(call), parameters = call + 24;
      const moves = parameters + (<usize>load<i32>(call, 4) << 3);
      const scratches = moves + (<usize>load<i32>(call, 8) << 3);
      const next = scratches + (<usize>load<i32>(call, 12) << 2);
      if (count == units && scratch == 0) {
        invoke(kernel, parameters);
      } else {
        memory.copy(frame, parameters, moves - parameters);
        const place = load<i32>(call, 16);
        if (place >= 0) store<i32>(frame + (<usize>place << 3), count * load<i32>(call, 20));
        for (let move = moves; move < scratches; move += 8) {
          const at = frame + (<usize>load<i32>(move) << 3);
          store<i32>(at, load<i32>(at) + first * load<i32>(move, 4));
        }
        for (let s = scratches; s < next; s += 4) {
          const at = frame + (<usize>load<i32>(s) << 3);
          store<i32>(at, load<i32>(at) + scratch);
        }
        invoke(kernel, frame);
      }
      call = (next + 7) & ~7;
    }
  }
}

/** At the end of a loop's body: moves what moves, and says where to go on. */
export function jump(at: usize): usize {
  const left = load<i32>(at, 8) - 1, turns = load<i32>(at, 12);
  store<i32>(at, left ? left : turns, 8);
  const moves = at + 32, end = moves + (<usize>load<i32>(at, 20) << 3);
  for (let move = moves; move < end; move += 8) {
    const word = at - <usize>load<i32>(move);
    // After the last turn all is as it was before the first.
    const step = load<i32>(move, 4) * (left ? 1 : 1 - turns);
    store<i32>(word, load<i32>(word) + step);
  }
  return left ? at - <usize>load<i32>(at, 16) : at + <usize>load<i32>(at);
}
