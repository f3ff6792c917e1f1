import { program } from './program.ts';

postMessage(await program({ deterministic: true }));
