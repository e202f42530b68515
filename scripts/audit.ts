import { execFile } from 'node:child_process'

// Fails when a package of production has a known vulnerability that is high or critical: `npm run -s audit`. A registry that answers no
// audits is named, and fails nothing.

type Advisory = { name: string; severity: string; via: (string | { title?: string })[] }

/** What the output of `npm audit --json` means: a line to print, and whether it is a failure. */
export function judgeAudit(output: string): { line: string; isFailure: boolean } {
  const { vulnerabilities, error, message } = parse(output) as {
    vulnerabilities?: Record<string, Advisory>
    error?: unknown
    message?: string
  }
  if (!vulnerabilities)
    return {
      line: `no registry answered npm audit: nothing was checked (${error || message ? 'it refused' : 'no answer'})`,
      isFailure: false,
    }
  const found = Object.values(vulnerabilities)
  const grave = found.filter(({ severity }) => ['high', 'critical'].includes(severity))
  if (grave.length === 0)
    return {
      line: `npm audit: nothing high or critical in production (${found.length} lesser)`,
      isFailure: false,
    }
  const described = grave.map(({ name, severity, via }) => {
    const titles = via.flatMap((each) => (typeof each === 'string' ? [] : (each.title ?? [])))
    return `  ${name} (${severity})${titles.length > 0 ? `: ${titles.join('; ')}` : ''}`
  })
  return { line: ['npm audit found in production:', ...described].join('\n'), isFailure: true }
}

function parse(output: string): object {
  try {
    return JSON.parse(output) ?? {}
  } catch {
    return {}
  }
}

if (import.meta.main)
  execFile(
    'npm',
    ['audit', '--omit=dev', '--json'],
    { cwd: new URL('../', import.meta.url), maxBuffer: 2 ** 26, timeout: 60_000 },
    // npm's status also says whether something was found, which the output tells better.
    (_error, stdout) => {
      const { line, isFailure } = judgeAudit(stdout)
      process.stdout.write(`${line}\n`)
      process.exitCode = isFailure ? 1 : 0
    },
  )
