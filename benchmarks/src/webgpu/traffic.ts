import { intercept } from './intercept.ts';

/** What was asked of devices, by whichever library. */
export interface Traffic {
  readonly dispatches: number;
  /** Of commands that dispatch something: not those that only fetch a result. */
  readonly submits: number;
}

/** Counts from now on what is asked of devices. Gives the count so far. */
export function watchTraffic(types: object): () => Traffic {
  const traffic = { dispatches: 0, submits: 0 };
  const encoders = new WeakMap<object, object>();
  /** Encoders and command buffers that dispatch. */
  const busy = new WeakSet<object>();
  intercept(types, ['GPUCommandEncoder', 'beginComputePass'], {
    note: (encoder, _, pass: object) => encoders.set(pass, encoder),
  });
  for (const method of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect']) {
    intercept(types, ['GPUComputePassEncoder', method], {
      note(pass) {
        traffic.dispatches++;
        busy.add(encoders.get(pass)!);
      },
    });
  }
  intercept(types, ['GPUCommandEncoder', 'finish'], {
    note(encoder, _, commands: object) {
      if (busy.has(encoder)) busy.add(commands);
    },
  });
  intercept(types, ['GPUQueue', 'submit'], {
    note(_, [commands]: [Iterable<object>]) {
      if ([...commands].some((each) => busy.has(each))) traffic.submits++;
    },
  });
  return () => ({ ...traffic });
}
