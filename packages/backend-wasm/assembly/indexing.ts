// Gather and scatter. Shapes are seen as [blocks, length, inner].

/** y[b, i, :] = x[b, index[i], :], rows of `bytes`; out of range: `missing` as 32 bits, repeated. */
export function gather(blocks: i32, length: i32, count: i32, bytes: i32, x: usize, index: usize, y: usize, missing: u32): void {
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < count; i++, y += <usize>bytes) {
      let at = load<i32>(index + (<usize>i << 2));
      if (at < 0) at += length;
      if (u32(at) < u32(length)) {
        const from = x + <usize>(b * length + at) * <usize>bytes;
        if (bytes == 4) store<u32>(y, load<u32>(from));
        else memory.copy(y, from, <usize>bytes);
      } else if (missing) {
        for (let q = 0; q < bytes; q += 4) store<u32>(y + <usize>q, missing);
      } else {
        memory.fill(y, 0, <usize>bytes);
      }
    }
  }
}

/** Modes: 0 set, 1 add, 2 max, 3 min. y already holds x. */
export function scatter_f32(mode: i32, blocks: i32, length: i32, count: i32, inner: i32, index: usize, updates: usize, y: usize): void {
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < count; i++) {
      let at = load<i32>(index + (<usize>i << 2));
      if (at < 0) at += length;
      const from = updates;
      updates += <usize>inner << 2;
      if (u32(at) >= u32(length)) continue;
      const to = y + (<usize>((b * length + at) * inner) << 2);
      for (let q: usize = 0; q < <usize>inner << 2; q += 4) {
        const u = load<f32>(from + q), o = load<f32>(to + q);
        store<f32>(to + q, mode == 0 ? u : mode == 1 ? o + u : mode == 2 ? max<f32>(o, u) : min<f32>(o, u));
      }
    }
  }
}
export function scatter_i32(mode: i32, blocks: i32, length: i32, count: i32, inner: i32, index: usize, updates: usize, y: usize): void {
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < count; i++) {
      let at = load<i32>(index + (<usize>i << 2));
      if (at < 0) at += length;
      const from = updates;
      updates += <usize>inner << 2;
      if (u32(at) >= u32(length)) continue;
      const to = y + (<usize>((b * length + at) * inner) << 2);
      for (let q: usize = 0; q < <usize>inner << 2; q += 4) {
        const u = load<i32>(from + q), o = load<i32>(to + q);
        store<i32>(to + q, mode == 0 ? u : mode == 1 ? o + u : mode == 2 ? max<i32>(o, u) : min<i32>(o, u));
      }
    }
  }
}
export function scatter_u8(mode: i32, blocks: i32, length: i32, count: i32, inner: i32, index: usize, updates: usize, y: usize): void {
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < count; i++) {
      let at = load<i32>(index + (<usize>i << 2));
      if (at < 0) at += length;
      const from = updates;
      updates += <usize>inner;
      if (u32(at) >= u32(length)) continue;
      const to = y + <usize>((b * length + at) * inner);
      for (let q: usize = 0; q < <usize>inner; q++) {
        const u = load<u8>(from + q), o = load<u8>(to + q);
        store<u8>(to + q, mode == 0 ? u : mode == 3 ? o & u : o | u);
      }
    }
  }
}
