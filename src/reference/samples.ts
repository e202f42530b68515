/** A request as the samples of code show it. What the reader fills in is an environment variable. */
export type Sent = {
  method: string
  url: readonly Part[]
  query?: readonly (readonly [name: string, value: string])[]
  /** The variable with the bearer token. */
  token?: 'ACCESS_TOKEN' | 'EVENTS_TOKEN' | undefined
  /** The client authenticates with `CLIENT_ID` and `CLIENT_SECRET`. */
  isClient?: boolean
  json?: unknown
  form?: readonly (readonly [name: string, value: Part])[]
  isBinary?: boolean
}
type Part = string | { env: string }

export const LANGUAGES = {
  curl: 'curl',
  typescript: 'TypeScript',
  python: 'Python',
  go: 'Go',
} as const
export type Language = keyof typeof LANGUAGES

/** The same request in each language, with nothing but what the language brings. */
export const samplesOf = (sent: Sent): Record<Language, string> => ({
  curl: curl(sent),
  typescript: typescript(sent),
  python: python(sent),
  go: go(sent),
})

const queryOf = ({ query = [] }: Sent): string =>
  query.length > 0 ? `?${new URLSearchParams(query.map(([name, value]) => [name, value]))}` : ''

/** The variables that a sample reads, each once. */
function variablesOf({ url, form = [], token, isClient }: Sent): string[] {
  const parts = [...url, ...form.map(([, value]) => value)]
  const named = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.env]))
  return [
    ...new Set([
      ...(isClient ? ['CLIENT_ID', 'CLIENT_SECRET'] : []),
      ...(token ? [token] : []),
      ...named,
    ]),
  ]
}

const shellQuote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

function curl(sent: Sent): string {
  const { method, url, token, isClient, json, form = [], isBinary } = sent
  const shellPart = (part: Part) => (typeof part === 'string' ? part : `$${part.env}`)
  const isImplied =
    method === 'GET' || (method === 'POST' && (json !== undefined || form.length > 0))
  return [
    `curl ${isImplied ? '' : `-X ${method} `}"${url.map(shellPart).join('')}${queryOf(sent)}"`,
    ...(token ? [`  -H "Authorization: Bearer $${token}"`] : []),
    ...(isClient ? ['  -u "$CLIENT_ID:$CLIENT_SECRET"'] : []),
    ...(json === undefined
      ? []
      : ['  -H "Content-Type: application/json"', `  -d ${shellQuote(JSON.stringify(json))}`]),
    ...form.map(([name, value]) => `  --data-urlencode "${name}=${shellPart(value)}"`),
    ...(isBinary ? ['  -o image'] : []),
  ].join(' \\\n')
}

const indent = (text: string, by: string): string => text.replaceAll('\n', `\n${by}`)

function typescript(sent: Sent): string {
  const { method, url, token, isClient, json, form = [], isBinary } = sent
  const variables = variablesOf(sent)
  const inTemplate = (part: Part) => (typeof part === 'string' ? part : `\${${part.env}}`)
  const hasVariable = url.some((part) => typeof part !== 'string')
  const quote = hasVariable ? '`' : "'"
  const headers = [
    ...(token ? [`Authorization: \`Bearer \${${token}}\`,`] : []),
    ...(isClient
      ? [`Authorization: \`Basic \${btoa(\`\${CLIENT_ID}:\${CLIENT_SECRET}\`)}\`,`]
      : []),
    ...(json === undefined ? [] : ["'Content-Type': 'application/json',"]),
  ]
  const options = [
    ...(method === 'GET' ? [] : [`method: '${method}',`]),
    ...(headers.length > 0 ? [`headers: {\n    ${headers.join('\n    ')}\n  },`] : []),
    ...(json === undefined
      ? []
      : [`body: JSON.stringify(${indent(JSON.stringify(json, null, 2), '  ')}),`]),
    ...(form.length > 0
      ? [
          `body: new URLSearchParams({\n    ${form
            .map(
              ([name, value]) =>
                `${name}: ${typeof value === 'string' ? `'${value}'` : value.env},`,
            )
            .join('\n    ')}\n  }),`,
        ]
      : []),
  ]
  const target = `${quote}${url.map(inTemplate).join('')}${queryOf(sent)}${quote}`
  const call = options.length > 0 ? `${target}, {\n  ${options.join('\n  ')}\n}` : target
  return [
    ...(isBinary ? ["import { writeFile } from 'node:fs/promises'\n"] : []),
    ...(variables.length > 0
      ? [`const { ${variables.map((name) => `${name} = ''`).join(', ')} } = process.env\n`]
      : []),
    `const response = await fetch(${call})`,
    `if (!response.ok) throw new Error(\`\${response.status} \${await response.text()}\`)`,
    isBinary
      ? "await writeFile('image', Buffer.from(await response.arrayBuffer()))"
      : 'console.log(response.status, await response.text())',
  ].join('\n')
}

/** A JSON value as Python writes it. */
function pythonLiteral(value: unknown, by = ''): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value !== 'object') return JSON.stringify(value)
  const inner = `${by}    `
  if (Array.isArray(value)) return `[${value.map((each) => pythonLiteral(each, by)).join(', ')}]`
  const members = Object.entries(value).map(
    ([name, each]) => `${inner}${JSON.stringify(name)}: ${pythonLiteral(each, inner)},`,
  )
  return members.length > 0 ? `{\n${members.join('\n')}\n${by}}` : '{}'
}

function python(sent: Sent): string {
  const { method, url, token, isClient, json, form = [], isBinary } = sent
  const read = (name: string) => `os.environ["${name}"]`
  const hasVariable = url.some((part) => typeof part !== 'string')
  const target = url
    .map((part) => (typeof part === 'string' ? part : `{os.environ['${part.env}']}`))
    .join('')
  const headers = [
    ...(token ? [`"Authorization": "Bearer " + ${read(token)},`] : []),
    ...(isClient ? ['"Authorization": "Basic " + credentials.decode(),'] : []),
    ...(json === undefined ? [] : ['"Content-Type": "application/json",']),
  ]
  const fields = form.map(
    ([name, value]) => `"${name}": ${typeof value === 'string' ? `"${value}"` : read(value.env)},`,
  )
  const options = [
    `${hasVariable ? 'f' : ''}"${target}${queryOf(sent)}",`,
    ...(method === 'GET' ? [] : [`method="${method}",`]),
    ...(headers.length > 0 ? [`headers={\n        ${headers.join('\n        ')}\n    },`] : []),
    ...(json === undefined ? [] : [`data=json.dumps(${pythonLiteral(json, '    ')}).encode(),`]),
    ...(form.length > 0
      ? [`data=urllib.parse.urlencode({\n        ${fields.join('\n        ')}\n    }).encode(),`]
      : []),
  ]
  const imports = [
    ...(isClient ? ['import base64'] : []),
    ...(json === undefined ? [] : ['import json']),
    ...(variablesOf(sent).length > 0 ? ['import os'] : []),
    ...(form.length > 0 ? ['import urllib.parse'] : []),
    'import urllib.request',
  ]
  return [
    ...imports,
    '',
    ...(isClient
      ? [
          `credentials = base64.b64encode(f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}".encode())`,
        ]
      : []),
    `request = urllib.request.Request(\n    ${options.join('\n    ')}\n)`,
    '# An error raises urllib.error.HTTPError, which has the body.',
    'with urllib.request.urlopen(request) as response:',
    ...(isBinary
      ? ['    with open("image", "wb") as file:', '        file.write(response.read())']
      : ['    print(response.status, response.read().decode())']),
  ].join('\n')
}

function go(sent: Sent): string {
  const { method, url, token, isClient, json, form = [], isBinary } = sent
  const read = (name: string) => `os.Getenv("${name}")`
  const parts = [...url, ...(queryOf(sent) ? [queryOf(sent)] : [])]
  const target = joinStrings(parts)
    .map((part) => (typeof part === 'string' ? `"${part}"` : read(part.env)))
    .join('+')
  const hasBody = json !== undefined || form.length > 0
  // As gofmt aligns them.
  const longest = Math.max(...form.map(([name]) => name.length))
  const body =
    json === undefined
      ? [
          'form := url.Values{',
          ...form.map(
            ([name, value]) =>
              `\t${`"${name}":`.padEnd(longest + 3)} {${typeof value === 'string' ? `"${value}"` : read(value.env)}},`,
          ),
          '}',
        ]
      : [`body := strings.NewReader(\`${JSON.stringify(json)}\`)`]
  const reader = json === undefined ? 'strings.NewReader(form.Encode())' : 'body'
  const headers = [
    ...(token ? [`request.Header.Set("Authorization", "Bearer "+${read(token)})`] : []),
    ...(isClient ? [`request.SetBasicAuth(${read('CLIENT_ID')}, ${read('CLIENT_SECRET')})`] : []),
    ...(json === undefined ? [] : ['request.Header.Set("Content-Type", "application/json")']),
    ...(form.length > 0
      ? ['request.Header.Set("Content-Type", "application/x-www-form-urlencoded")']
      : []),
  ]
  const imports = [
    ...(isBinary ? [] : ['fmt']),
    'io',
    'log',
    'net/http',
    ...(form.length > 0 ? ['net/url'] : []),
    ...(variablesOf(sent).length > 0 ? ['os'] : []),
    ...(hasBody ? ['strings'] : []),
  ].sort()
  const fail = ['if err != nil {', '\tlog.Fatal(err)', '}']
  const main = [
    ...(hasBody ? body : []),
    `request, err := http.NewRequest("${method}", ${target}, ${hasBody ? reader : 'nil'})`,
    ...fail,
    ...headers,
    'response, err := http.DefaultClient.Do(request)',
    ...fail,
    'defer response.Body.Close()',
    'answer, err := io.ReadAll(response.Body)',
    ...fail,
    'if response.StatusCode >= 400 {',
    '\tlog.Fatal(response.Status, " ", string(answer))',
    '}',
    ...(isBinary
      ? ['if err := os.WriteFile("image", answer, 0o600); err != nil {', '\tlog.Fatal(err)', '}']
      : ['fmt.Println(response.Status, string(answer))']),
  ]
  return [
    'package main',
    '',
    'import (',
    ...imports.map((name) => `\t"${name}"`),
    ')',
    '',
    'func main() {',
    ...main.map((line) => `\t${line}`),
    '}',
  ].join('\n')
}

/** Neighbouring texts as one. */
function joinStrings(parts: readonly Part[]): Part[] {
  const joined: Part[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (typeof part === 'string' && typeof last === 'string') joined.splice(-1, 1, `${last}${part}`)
    else if (part !== '') joined.push(part)
  }
  return joined
}
