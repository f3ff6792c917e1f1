/** Fills a list with a bar for each class's probability. */
export function fillProbabilities(list: HTMLElement, probabilities: readonly number[], classes: readonly string[]): void {
  if (list.dataset['classes'] !== classes.join()) layOut(list, classes);
  const most = Math.max(...probabilities);
  probabilities.forEach((share, i) => {
    const [, bar, text] = list.children[i]!.children as HTMLCollectionOf<HTMLElement>;
    bar!.style.setProperty('--share', share.toFixed(3));
    text!.textContent = `${(share * 100).toFixed(0)} %`;
    list.children[i]!.classList.toggle('most', share > 0 && share === most);
  });
}

function layOut(list: HTMLElement, classes: readonly string[]): void {
  list.dataset['classes'] = classes.join();
  list.classList.toggle(
    'long',
    classes.some((name) => name.length > 2),
  );
  const span = (className: string, text = ''): HTMLSpanElement =>
    Object.assign(document.createElement('span'), { className, textContent: text });
  const items = classes.map((name) => {
    const item = document.createElement('li');
    item.append(span('name', name), span('bar'), span('share'));
    return item;
  });
  list.replaceChildren(...items);
}
