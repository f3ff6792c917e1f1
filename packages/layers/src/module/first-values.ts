let wanted = true;

/**
 * Runs `f`, in which modules that are built get no first values, since theirs come from a file: no time is taken for them, and no more
 * memory than the file's own values. @internal
 */
export function withoutFirstValues<R>(f: () => R): R {
  const before = wanted;
  wanted = false;
  try {
    return f();
  } finally {
    wanted = before;
  }
}

/** Whether modules that are built get first values. */
export function firstValuesWanted(): boolean {
  return wanted;
}
