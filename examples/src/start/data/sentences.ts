import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArrayDataset, permutation, ragged, type RaggedColumn } from '@tessera/data';
import { folderOrNotice } from './made-up.ts';

type Tokens = RaggedColumn<Int32Array<ArrayBuffer>>;

/** The words of English sentences, those of the translation from a start on, and which word comes next in it, to an end. Words are numbers from 1; 0 is padding. */
export type Sentences = ArrayDataset<{ x: { source: Tokens; target: Tokens }; y: Tokens }>;

const special = ['', '<start>', '<end>', '<rare>'];
const [START, END, RARE] = [1, 2, 3];

/**
 * English sentences and their translations: those of Tatoeba (`tatoeba-eng-deu-50k` under `TESSERA_DATA`), shuffled, or the numbers to
 * 99 in words. Each language keeps its most frequent words.
 */
export function sentences(count: number = Infinity, vocabulary: number = 4000): Sentences {
  const folder = folderOrNotice('tatoeba-eng-deu-50k');
  const all = folder
    ? readPairs(join(folder, 'deu.txt'))
    : Array.from({ length: 3000 }, (_, i) => [english(i % 100), german(i % 100)] as const);
  const pairs = [...permutation(all.length, 1).subarray(0, count)].map((i) => all[i]!);
  const source = numbered(
    pairs.map(([text]) => text),
    vocabulary,
  );
  const target = numbered(
    pairs.map(([, text]) => text),
    vocabulary,
  );
  return new ArrayDataset({
    x: { source: column(source), target: column(target.map((row) => [START, ...row])) },
    y: column(target.map((row) => [...row, END])),
  });
}

function column(rows: readonly number[][]): Tokens {
  return ragged(rows, { dtype: 'int32' });
}

function readPairs(path: string): (readonly [string, string])[] {
  const [, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => line.split('\t') as [string, string]);
}

/** Texts as the numbers of their words, the most frequent ones first. */
function numbered(texts: readonly string[], vocabulary: number): number[][] {
  const split = texts.map((text): readonly string[] => text.toLowerCase().match(/\p{L}+/gu) ?? []);
  const counts = new Map<string, number>();
  for (const word of split.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)! || (a < b ? -1 : 1));
  const numbers = new Map([...special, ...words].slice(0, vocabulary).map((word, i) => [word, i]));
  return split.map((sentence) => sentence.map((word) => numbers.get(word) ?? RARE));
}

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen';
const tens = '– – twenty thirty forty fifty sixty seventy eighty ninety';
const einer =
  'null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn';
const zehner = '– – zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig';
const nth = (list: string, n: number): string => list.split(' ')[n]!;

function english(n: number): string {
  if (n < 20) return nth(ones, n);
  return n % 10 ? `${nth(tens, Math.floor(n / 10))} ${nth(ones, n % 10)}` : nth(tens, n / 10);
}

function german(n: number): string {
  if (n < 20) return nth(einer, n);
  return n % 10 ? `${nth(einer, n % 10)} und ${nth(zehner, Math.floor(n / 10))}` : nth(zehner, n / 10);
}
