// Serves a page that trains the network of the examples in the browser: npm run example browser, then open what it prints.
import type { AddressInfo } from 'node:net';
import { pageServer } from './server.ts';

const server = await pageServer();
// Another one may be running at the usual port.
server.once('error', () => server.listen(0, '127.0.0.1'));
server.once('listening', () => {
  const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
  console.log(`Open ${address}\nWith threads: ${address}?threads\nCtrl-C ends it.`);
});
server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1');
