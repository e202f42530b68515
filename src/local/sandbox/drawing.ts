import { lettering } from './lettering.ts'
import { createRandom, issuedOn, machineReadableLines, type Person } from './specimen.ts'

const INK = '#17324a'
const FAINT_INK = '#4d7286'
const STAMP = '#b3261e'

/** The front of the card on a table. 1920 by 1280. */
export function drawFront(person: Person): string {
  const row = (x: number, y: number, label: string, value: string) =>
    lettering(label, { x, y, size: 17, color: FAINT_INK, weight: 0.11, spacing: 3 }) +
    lettering(value.slice(0, 24), { x, y: y + 52, size: 34, color: INK, weight: 0.12 })
  return card(
    person,
    `
    ${emblem(150, 120)}
    ${lettering('Republic of Utopia', { x: 245, y: 118, size: 44, color: INK, weight: 0.13, spacing: 3.4 })}
    ${lettering(person.title ?? 'Identity card', { x: 247, y: 172, size: 24, color: FAINT_INK, weight: 0.11, spacing: 4 })}
    ${lettering('UTO', { x: 1470, y: 118, size: 44, color: INK, weight: 0.13, anchor: 'end', spacing: 4 })}
    <g transform="translate(90 250)">
      <clipPath id="portrait"><rect width="430" height="560" rx="14"/></clipPath>
      <g clip-path="url(#portrait)"><rect width="430" height="560" fill="#dfe7ea"/>
      <g transform="translate(215 296) scale(.98)">${bust(person)}</g></g>
      <rect width="430" height="560" rx="14" fill="none" stroke="#8fb0bd" stroke-width="3"/>
    </g>
    ${chip(1318, 250)}
    ${row(580, 290, 'Surname', person.surname)}
    ${row(580, 400, 'Given names', person.givenName)}
    ${row(580, 510, 'Nationality', 'Utopian')}
    ${row(900, 510, 'Sex', person.sex)}
    ${row(580, 620, 'Date of birth', spokenDate(person.dateOfBirth))}
    ${row(580, 730, 'Document no.', person.documentNumber)}
    ${row(980, 730, 'Date of expiry', spokenDate(person.validUntil))}
    <g transform="translate(1380 700)" opacity=".2">
      <clipPath id="ghost"><ellipse rx="105" ry="135"/></clipPath>
      <g clip-path="url(#ghost)"><rect x="-105" y="-135" width="210" height="270" fill="#9fc4cf"/>
      <g transform="translate(0 14) scale(.36)">${bust(person)}</g></g>
    </g>
    <ellipse cx="1380" cy="700" rx="107" ry="137" fill="none" stroke="#8fb0bd" stroke-width="2"/>
    ${lettering('Signature', { x: 580, y: 842, size: 17, color: FAINT_INK, weight: 0.11, spacing: 3 })}
    ${signature(person, 735, 852)}
    ${stamp(800, 600, 172, -23)}`,
    -1.1,
  )
}

/** The back of the card: machine-readable lines and a pattern that looks like a bar code. 1920 by 1280. */
export function drawBack(person: Person): string {
  const lines = machineReadableLines(person)
    .map((line, index) =>
      lettering(line, {
        x: 92,
        y: 760 + index * 78,
        size: 42,
        color: '#10202d',
        weight: 0.13,
        cell: 10.95,
      }),
    )
    .join('')
  const field = (y: number, label: string, value: string) =>
    lettering(label, { x: 96, y, size: 17, color: FAINT_INK, weight: 0.11, spacing: 3 }) +
    lettering(value, { x: 96, y: y + 46, size: 29, color: INK, weight: 0.12 })
  return card(
    person,
    `
    <rect y="58" width="1560" height="112" fill="#26323b" opacity=".92"/>
    ${field(248, 'Issued by', 'Ministry of Invented Affairs, Amaurot')}
    ${field(352, 'Date of issue', spokenDate(issuedOn(person)))}
    ${field(456, 'Place of residence', 'Harbour Street 1, Amaurot, Utopia')}
    ${lettering('This card shows a person who does not exist.', { x: 96, y: 596, size: 19, color: FAINT_INK, weight: 0.11, spacing: 3 })}
    ${barcode(person, 1010, 236)}
    ${emblem(1330, 560)}
    <rect y="668" width="1560" height="316" fill="#ffffff" opacity=".55"/>
    ${lines}
    ${stamp(780, 560, 168, -20)}`,
    0.9,
  )
}

/** A face in front of a wall, as a phone takes it. 1440 by 1920. */
export function drawSelfie(person: Person): string {
  const random = createRandom(`wall ${person.documentNumber}`)
  const warm = random() < 0.5
  const wall = warm ? ['#e9d9c3', '#c9ae8e'] : ['#cfdde0', '#9fb8bf']
  const leaf = (x: number, y: number, length: number, angle: number) =>
    `<path transform="translate(${x} ${y}) rotate(${angle})" d="M0 0C${length * 0.25} ${-length * 0.35} ${length * 0.3} ${-length * 0.7} 0 ${-length}C${-length * 0.3} ${-length * 0.7} ${-length * 0.25} ${-length * 0.35} 0 0Z" fill="#5f8a68" stroke="#4a7053" stroke-width="4"/>`
  const plant = [-62, -38, -14, 10, 34, 58]
    .map((angle, index) => leaf(1250, 1130, 330 + (index % 3) * 60 + random() * 40, angle))
    .join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1440" height="1920" viewBox="0 0 1440 1920">
    <defs>
      <linearGradient id="wall" x2=".7" y2="1"><stop stop-color="${wall[0]}"/><stop offset="1" stop-color="${wall[1]}"/></linearGradient>
      <radialGradient id="lamp" cx=".22" cy=".12" r=".75"><stop stop-color="#fff" stop-opacity=".65"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>
      <radialGradient id="corners" r=".78"><stop offset=".55" stop-opacity="0"/><stop offset="1" stop-opacity=".34"/></radialGradient>
    </defs>
    <rect width="1440" height="1920" fill="url(#wall)"/>
    <g transform="translate(110 190)">
      <rect width="360" height="470" rx="10" fill="#f6f1e7" stroke="#8a7460" stroke-width="22"/>
      <path d="M20 330L130 190L205 280L270 215L342 330V452H20Z" fill="#8fb2a8"/><circle cx="265" cy="120" r="44" fill="#e7b765"/>
    </g>
    <path d="M1160 1130H1350L1320 1420H1190Z" fill="#b5654a"/><rect x="1145" y="1105" width="220" height="52" rx="12" fill="#c4745a"/>
    ${plant}
    <rect width="1440" height="1920" fill="url(#lamp)"/>
    <g transform="translate(720 1010) scale(2.35)">${bust(person)}</g>
    <rect width="1440" height="1920" fill="url(#corners)"/>
    ${stamp(720, 1590, 165, -12, 0.6)}
  </svg>`
}

/** The card on a table: the elements of both sides. The content is drawn on 1560 by 984. */
function card(person: Person, content: string, angle: number): string {
  const shadow = [34, 26, 18, 11, 5]
    .map(
      (spread) =>
        `<rect x="${-spread}" y="${22 - spread}" width="${1560 + spread * 2}" height="${984 + spread * 2}" rx="${48 + spread}" fill="#000" opacity=".07"/>`,
    )
    .join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1920" height="1280" viewBox="0 0 1920 1280">
    <defs>
      <linearGradient id="table" x2="1" y2="1"><stop stop-color="#6b5a4b"/><stop offset=".5" stop-color="#7d6a58"/><stop offset="1" stop-color="#57483c"/></linearGradient>
      <linearGradient id="card" x2="1" y2="1"><stop stop-color="#e6f2f1"/><stop offset=".45" stop-color="#f4f1e4"/><stop offset="1" stop-color="#d3e6ee"/></linearGradient>
      <linearGradient id="gleam" x2="1" y2=".6"><stop offset=".3" stop-color="#fff" stop-opacity="0"/><stop offset=".48" stop-color="#fff" stop-opacity=".3"/><stop offset=".62" stop-color="#fff" stop-opacity="0"/></linearGradient>
      <radialGradient id="corners" r=".75"><stop offset=".55" stop-opacity="0"/><stop offset="1" stop-opacity=".36"/></radialGradient>
      <clipPath id="edge"><rect width="1560" height="984" rx="48"/></clipPath>
    </defs>
    <rect width="1920" height="1280" fill="url(#table)"/>
    ${woodgrain(person)}
    <g transform="rotate(${angle} 960 640) translate(180 148)">
      ${shadow}
      <g clip-path="url(#edge)">
        <rect width="1560" height="984" fill="url(#card)"/>
        ${guilloche(person)}
        ${content}
        <rect width="1560" height="984" fill="url(#gleam)"/>
      </g>
      <rect width="1560" height="984" rx="48" fill="none" stroke="#ffffff" stroke-opacity=".7" stroke-width="3"/>
    </g>
    <rect width="1920" height="1280" fill="url(#corners)"/>
  </svg>`
}

function woodgrain(person: Person): string {
  const random = createRandom(`table ${person.documentNumber}`)
  return Array.from({ length: 46 }, (_, index) => {
    const y = index * 28 + random() * 20
    const bend = () => Math.round(y + (random() - 0.5) * 46)
    return `<path d="M0 ${Math.round(y)}C480 ${bend()} 1100 ${bend()} 1920 ${bend()}" fill="none" stroke="#2d2119" stroke-opacity="${(0.08 + random() * 0.16).toFixed(2)}" stroke-width="${(2 + random() * 7).toFixed(1)}"/>`
  }).join('')
}

/** The fine wavy lines of a security print. */
function guilloche(person: Person): string {
  const random = createRandom(`print ${person.documentNumber}`)
  const phase = random() * 6
  const waves = Array.from({ length: 34 }, (_, line) => {
    const points = Array.from({ length: 79 }, (_, step) => {
      const x = step * 20
      const y =
        line * 31 -
        20 +
        Math.sin(x / 170 + phase + line * 0.19) * 34 +
        Math.sin(x / 61 + line * 0.5) * 9
      return `${x} ${y.toFixed(1)}`
    })
    return `<polyline points="${points.join(' ')}" stroke="${line % 2 ? '#74a9b4' : '#c2a368'}"/>`
  }).join('')
  const rosette = (cx: number, cy: number, radius: number, petals: number) =>
    `<polygon stroke="#5d97a6" points="${Array.from({ length: 721 }, (_, step) => {
      const angle = (step / 720) * Math.PI * 2 * 7
      const reach = radius * (0.62 + 0.38 * Math.cos((angle * petals) / 7))
      return `${(cx + Math.cos(angle) * reach).toFixed(1)} ${(cy + Math.sin(angle) * reach).toFixed(1)}`
    }).join(' ')}"/>`
  return `<g fill="none" stroke-width="1.6" opacity=".42">${waves}${rosette(1130, 480, 330, 24)}${rosette(300, 500, 300, 17)}</g>`
}

/** The arms of Utopia: a sun over two waves. */
function emblem(cx: number, cy: number): string {
  const rays = Array.from(
    { length: 12 },
    (_, index) => `<path transform="rotate(${index * 30})" d="M0 -31V-42"/>`,
  ).join('')
  return `<g transform="translate(${cx} ${cy})" fill="none" stroke="#b07f2c" stroke-width="5" stroke-linecap="round"><circle r="62" fill="#fbf7ea" stroke="${FAINT_INK}" stroke-width="4"/><g transform="translate(0 -6) scale(.9)"><circle r="20" fill="#e9b44c"/>${rays}</g><path d="M-44 30q11 -9 22 0t22 0t22 0t22 0M-34 44q11 -9 22 0t22 0t22 0" stroke="#3f7f93"/></g>`
}

function chip(x: number, y: number): string {
  return `<g transform="translate(${x} ${y})" fill="none" stroke="#8f7431" stroke-width="4"><rect width="152" height="120" rx="20" fill="#dcc079"/><path d="M0 40H50V0M0 80H50V120M152 40H102V0M152 80H102V120M50 40V80M102 40V80"/></g>`
}

function signature(person: Person, x: number, y: number): string {
  const random = createRandom(`hand ${person.givenName} ${person.surname}`)
  let at = 0
  const strokes = Array.from({ length: 4 + Math.min(person.surname.length, 12) }, () => {
    const reach = 16 + random() * 22
    const rise = () => Math.round((random() - 0.62) * 78)
    const from = at
    at += reach
    return `C${Math.round(from + reach * 0.9)} ${rise()} ${Math.round(from - reach * 0.3)} ${rise()} ${Math.round(at)} ${Math.round((random() - 0.5) * 14)}`
  }).join('')
  return `<path transform="translate(${x} ${y - 12})" d="M0 0${strokes}q40 -6 70 -22" fill="none" stroke="#1d2c63" stroke-width="5" stroke-linecap="round"/>`
}

/** A stacked pattern that looks like PDF417; it encodes nothing. */
function barcode(person: Person, x: number, y: number): string {
  const random = createRandom(`bars ${person.documentNumber}`)
  const bars: string[] = []
  for (let line = 0; line < 26; line++)
    for (let column = 0; column < 76; column++) {
      const edge = column < 3 || column > 72
      if (edge ? column % 2 === 0 : random() < 0.5) bars.push(`M${column * 6} ${line * 7}h6v7h-6z`)
    }
  return `<g transform="translate(${x} ${y})"><rect x="-12" y="-12" width="480" height="206" fill="#fff"/><path d="${bars.join('')}" fill="#15212b"/></g>`
}

function stamp(cx: number, cy: number, size: number, angle: number, opacity = 0.4): string {
  const word = lettering('Specimen', {
    x: 0,
    y: size / 2,
    size,
    color: STAMP,
    weight: 0.17,
    anchor: 'middle',
    spacing: 3.6,
  })
  return `<g transform="translate(${cx} ${cy}) rotate(${angle})" opacity="${opacity}">${word}</g>`
}

const SKIN = [
  ['#f2cfb3', '#dba982'],
  ['#e3b48d', '#c48d63'],
  ['#c68f62', '#a26e45'],
  ['#8f5f3f', '#6d442a'],
] as const
const HAIR = ['#2b211c', '#5a3a22', '#8a5a2c', '#b9853f', '#3a3f46', '#7d3b24'] as const
const CLOTHES = [
  ['#33566b', '#26414f'],
  ['#7b4a57', '#5c3540'],
  ['#4f6b4a', '#3a5137'],
  ['#8b7a4a', '#6a5c36'],
] as const

/** Head and shoulders around the middle of the face; 500 wide, 640 high. */
function bust(person: Person): string {
  const random = createRandom(`face ${person.documentNumber} ${person.surname}`)
  const pick = <const T extends readonly [unknown, ...unknown[]]>(list: T): T[number] =>
    list[Math.floor(random() * list.length)] ?? list[0]
  const [skin, shade] = pick(SKIN)
  const hair = pick(HAIR)
  const [cloth, fold] = pick(CLOTHES)
  const hasGlasses = random() < 0.4
  const hasLongHair = person.sex === 'F'
  const hasBeard = person.sex === 'M' && random() < 0.5
  const brow = 3 + random() * 4
  const smile = 16 + random() * 14
  const eyeColor = pick(['#3f5b3a', '#4a3222', '#35566e'])
  const eye = (x: number) =>
    `<g transform="translate(${x} -8)"><path d="M-26 2Q0 -22 26 2Q0 17 -26 2Z" fill="#fdfbf7"/><circle cy="-1" r="11.5" fill="${eyeColor}"/><circle cy="-1" r="5.5" fill="#15110f"/><circle cx="4" cy="-5" r="2.8" fill="#fff"/><path d="M-27 2Q0 -23 27 2" fill="none" stroke="#2c201a" stroke-width="4.5" stroke-linecap="round"/><path d="M-27 -${30 + brow}Q-2 -${44 + brow} 28 -${30 + brow}" fill="none" stroke="${hair}" stroke-width="9" stroke-linecap="round"/></g>`
  return `
    ${hasLongHair ? `<path d="M-150 -40C-165 -230 165 -230 150 -40C150 60 178 150 160 235H-160C-178 150 -150 60 -150 -40Z" fill="${hair}"/>` : ''}
    <path d="M-300 420C-300 270 -190 226 -78 200H78C190 226 300 270 300 420Z" fill="${cloth}"/>
    <path d="M-78 200C-60 262 60 262 78 200L96 210C70 300 -70 300 -96 210Z" fill="${fold}"/>
    <path d="M-62 96H62V196C62 246 -62 246 -62 196Z" fill="${shade}"/>
    <ellipse cx="-128" cy="10" rx="22" ry="36" fill="${shade}"/><ellipse cx="128" cy="10" rx="22" ry="36" fill="${shade}"/>
    <path d="M0 -178C92 -178 130 -104 128 -8C126 84 74 168 0 168C-74 168 -126 84 -128 -8C-130 -104 -92 -178 0 -178Z" fill="${skin}"/>
    <path d="M128 -8C126 84 74 168 0 168C70 140 96 70 96 -20C96 -90 90 -130 60 -160C112 -136 130 -80 128 -8Z" fill="${shade}" opacity=".55"/>
    ${hasBeard ? `<path d="M-124 30C-116 120 -66 178 0 178C66 178 116 120 124 30C104 74 76 66 44 62C20 58 -20 58 -44 62C-76 66 -104 74 -124 30ZM-34 96Q0 84 34 96Q0 124 -34 96Z" fill="${hair}" fill-rule="evenodd" opacity=".9"/>` : ''}
    <ellipse cx="-72" cy="56" rx="26" ry="17" fill="#d9735f" opacity=".2"/><ellipse cx="72" cy="56" rx="26" ry="17" fill="#d9735f" opacity=".2"/>
    ${eye(-52)}${eye(52)}
    <path d="M-4 -2C-10 24 -20 40 -18 50C-14 60 12 60 18 50" fill="none" stroke="${shade}" stroke-width="6" stroke-linecap="round"/>
    <path d="M-38 94Q0 ${94 + smile} 38 94Q0 ${102 + smile / 2} -38 94Z" fill="#a84a44"/><path d="M-38 94Q0 ${94 + smile * 0.55} 38 94" fill="none" stroke="#7c302c" stroke-width="4" stroke-linecap="round"/>
    ${
      hasLongHair
        ? `<path d="M-136 20C-150 -90 -120 -196 6 -196C128 -196 150 -90 136 20C124 -50 104 -96 62 -128C10 -86 -96 -86 -136 20Z" fill="${hair}"/>`
        : `<path d="M-134 -22C-150 -140 -96 -206 4 -204C108 -206 150 -140 134 -22C126 -64 116 -92 96 -112C40 -98 -34 -104 -88 -124C-112 -98 -126 -66 -134 -22Z" fill="${hair}"/>`
    }
    ${hasGlasses ? `<g fill="#fff" fill-opacity=".14" stroke="#29292d" stroke-width="6"><rect x="-94" y="-38" width="82" height="64" rx="24"/><rect x="12" y="-38" width="82" height="64" rx="24"/><path d="M-12 -12Q0 -20 12 -12M-94 -14L-126 -20M94 -14L126 -20" fill="none"/></g>` : ''}`
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

function spokenDate(date: string): string {
  if (date === '') return ''
  const [year, month, day] = date.split('-')
  return `${day} ${MONTHS[Number(month) - 1]} ${year}`
}
