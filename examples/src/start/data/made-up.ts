import { dataFolder } from '@tessera/data/node';

/** The folder of a data set under `TESSERA_DATA`, or a word that there is none and that the data is made up. */
export function folderOrNotice(name: string): string | undefined {
  const folder = dataFolder(name);
  if (!folder)
    console.warn(
      `There is no ${name} under TESSERA_DATA: the data is made up. For the real set, set TESSERA_DATA to the folder that it lies in.`,
    );
  return folder;
}
