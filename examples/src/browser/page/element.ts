/** The element of an id, which must be of a class. */
export function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`#${id} must be a ${kind.name}`);
  return found;
}
