/** Loaded before a process of the portal: its clock differs from the others' by CLOCK_SKEW_MS. Timers keep their pace. */
const skewMs = Number(process.env.CLOCK_SKEW_MS ?? 0)
delete process.env.CLOCK_SKEW_MS

if (skewMs !== 0) {
  const now = Date.now.bind(Date)
  globalThis.Date = new Proxy(Date, {
    construct: (target, given, made) =>
      Reflect.construct(target, given.length === 0 ? [now() + skewMs] : given, made),
    apply: () => new Date(now() + skewMs).toString(),
    get: (target, name, receiver) =>
      name === 'now' ? () => now() + skewMs : Reflect.get(target, name, receiver),
  })
}

export {}
