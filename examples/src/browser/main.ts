// Serves a page that trains the network of the examples in the browser: npm run example browser, then open what it prints.
import { listen } from './bundled.ts';
import { pageServer } from './server.ts';

const address = await listen(await pageServer());
console.log(`Open ${address}\nWith threads: ${address}?threads\nCtrl-C ends it.`);
