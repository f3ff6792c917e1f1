// Loads a saved model and predicts the first digits of the test set, shown as they are drawn.
import { wasm } from '@tessera/backend-wasm';
import { Conv2D, Dense, Flatten, MaxPooling2D, Sequential } from '@tessera/layers';
import { loadModelFile } from '@tessera/layers/node';
import { setDefaultBackend, tensor, tidy } from '@tessera/tensor';
import { splitDigits } from './data.ts';

const [path, expected] = process.argv.slice(2);
setDefaultBackend(await wasm());
// The classes that the file names: a bundle has these alone.
const layers = [Conv2D, Dense, Flatten, MaxPooling2D, Sequential];
const model = await loadModelFile<Sequential>(path!, { layers });
const { test } = splitDigits();
const count = expected?.length ?? 8;
const images = test.columns.x.data.subarray(0, count * 784);
const probabilities = tidy(() => model.apply(tensor(images, { shape: [count, 28, 28, 1] })));
const classes = (await probabilities.argmax(1).array()) as number[];

/** Two rows of pixels in each line of text. */
function draw(image: Float32Array): string[] {
  return Array.from({ length: 14 }, (_, row) =>
    Array.from({ length: 28 }, (_, column) => {
      const [top, bottom] = [image[row * 56 + column]! > 0.4, image[row * 56 + 28 + column]! > 0.4];
      return top ? (bottom ? '█' : '▀') : bottom ? '▄' : ' ';
    }).join(''),
  );
}
for (let first = 0; first < count; first += 4) {
  const drawn = classes.slice(first, first + 4).map((_, i) => draw(images.subarray((first + i) * 784, (first + i + 1) * 784)));
  for (let row = 0; row < 14; row++) console.log(drawn.map((lines) => lines[row]).join('  '));
  console.log(
    classes
      .slice(first, first + 4)
      .map((digit) => `→ ${digit}`.padEnd(28))
      .join('  '),
  );
}
console.log(`\nPredicted by the loaded model in a fresh process: ${classes.join(' ')}`);
if (expected && classes.join('') !== expected) {
  console.error(`The loaded model must predict as the trained one: got ${classes.join('')} instead of ${expected}`);
  process.exitCode = 1;
}
