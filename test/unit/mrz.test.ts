import { describe, expect, test } from 'vitest'
import { compareMrz, type Mrz, readMrz, statedBy } from '../../src/id-verification/mrz.ts'

/* The specimens of ICAO Doc 9303: part 4 appendix B (TD3), part 5 appendix B (TD1), part 6 appendix B (TD2). */

const TD3 = [
  'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<',
  'L898902C36UTO7408122F1204159ZE184226B<<<<<10',
]
const TD1 = [
  'I<UTOD231458907<<<<<<<<<<<<<<<',
  '7408122F1204159UTO<<<<<<<<<<<6',
  'ERIKSSON<<ANNA<MARIA<<<<<<<<<<',
]
const TD2 = ['I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<', 'D231458907UTO7408122F1204159<<<<<<<6']

const ERIKSSON = {
  givenName: 'ANNA MARIA',
  surname: 'ERIKSSON',
  dateOfBirth: '740812',
  nationality: 'UTO',
  country: 'UTO',
  expiresOn: '120415',
}

function faultsOf(lines: readonly string[]) {
  const read = readMrz(lines.join('\n'))
  return 'faults' in read ? read.faults : []
}

/** With one character of a line replaced; both count from 1. */
const changed = (lines: readonly string[], line: number, column: number, by: string) =>
  lines.map((text, index) =>
    index === line - 1 ? text.slice(0, column - 1) + by + text.slice(column) : text,
  )

describe('the specimens of Doc 9303', () => {
  test.each([
    ['TD3', TD3, 'L898902C3'],
    ['TD1', TD1, 'D23145890'],
    ['TD2', TD2, 'D23145890'],
  ])('%s is read', (_, lines, number) => {
    expect(readMrz(lines.join('\n'))).toEqual({ mrz: { ...ERIKSSON, lines, number } })
  })

  test.each([
    ['TD3', TD3, 2, 3, '7', { what: 'number', line: 2, from: 1, to: 10 }],
    ['TD3', TD3, 2, 14, '8', { what: 'birth-date', line: 2, from: 14, to: 20 }],
    ['TD3', TD3, 2, 28, '8', { what: 'expiry', line: 2, from: 22, to: 28 }],
    ['TD3', TD3, 2, 31, '5', { what: 'personal-number', line: 2, from: 29, to: 43 }],
    ['TD3', TD3, 2, 44, '1', { what: 'line', line: 2, from: 1, to: 44 }],
    ['TD3', TD3, 2, 21, 'Q', { what: 'sex', line: 2, from: 21, to: 21 }],
    ['TD3', TD3, 1, 1, 'X', { what: 'kind', line: 1, from: 1, to: 2 }],
    ['TD3', TD3, 1, 10, '5', { what: 'names', line: 1, from: 6, to: 44 }],
    ['TD3', TD3, 2, 11, '0', { what: 'nationality', line: 2, from: 11, to: 13 }],
    ['TD1', TD1, 1, 8, '7', { what: 'number', line: 1, from: 6, to: 15 }],
    ['TD1', TD1, 2, 1, '8', { what: 'birth-date', line: 2, from: 1, to: 7 }],
    ['TD1', TD1, 2, 9, '2', { what: 'expiry', line: 2, from: 9, to: 15 }],
    ['TD1', TD1, 2, 30, '7', { what: 'line', line: 2, from: 1, to: 30 }],
    ['TD2', TD2, 2, 2, '7', { what: 'number', line: 2, from: 1, to: 10 }],
    ['TD2', TD2, 2, 19, '1', { what: 'birth-date', line: 2, from: 14, to: 20 }],
    ['TD2', TD2, 2, 36, '1', { what: 'line', line: 2, from: 1, to: 36 }],
  ])('%s: one wrong character is found where it is', (_, lines, line, column, by, fault) => {
    expect(faultsOf(changed(lines, line, column, by))).toEqual([fault])
  })

  test('every single wrong digit is found', () => {
    for (const column of [3, 9, 10, 14, 19, 20, 22, 27, 28, 43, 44]) {
      const digit = TD3[1]?.[column - 1] ?? ''
      for (const other of '0123456789'.replace(digit, ''))
        expect(faultsOf(changed(TD3, 2, column, other)), `${column} ${other}`).not.toEqual([])
    }
  })
})

test('lines are read as people type and paste them', () => {
  const typed = [
    TD3.join('').toLowerCase(),
    `  ${TD3[0]} \r\n\r\n ${TD3[1]?.match(/.{1,4}/g)?.join(' ')}`,
    TD3.join('\n').replaceAll('<<', '«'),
  ]
  for (const text of typed) expect(readMrz(text)).toMatchObject({ mrz: { lines: TD3 } })
})

test('what is no machine-readable zone is said to be none', () => {
  expect(faultsOf([])).toEqual([{ what: 'format' }])
  expect(faultsOf(['PERSON<<ANNA'])).toEqual([{ what: 'format' }])
  expect(faultsOf([...TD1, ...TD1])).toEqual([{ what: 'format' }])
  const [first = '', second = ''] = TD3
  expect(faultsOf([first, second.slice(1)])).toEqual([
    { what: 'length', line: 2, expected: 44, actual: 43 },
  ])
  expect(faultsOf([first.replace('ERIKSSON', 'ERIKSSÖN'), second])).toEqual([
    { what: 'characters', line: 1 },
  ])
  expect(faultsOf([`${first}<<`, second])).toEqual([
    { what: 'length', line: 1, expected: 44, actual: 46 },
  ])
})

describe('what was typed is compared with the lines', () => {
  const MRZ: Mrz = {
    ...ERIKSSON,
    nationality: 'D',
    country: 'GBD',
    lines: TD3,
    number: 'L898902C3',
  }
  const TYPED = {
    givenName: 'Anna María',
    surname: 'Eriksson',
    dateOfBirth: '1974-08-12',
    number: 'l898902-C3',
    nationality: 'DE',
    country: 'GB',
    expiresOn: '2012-04-15',
  }
  test('by person, not by letter', () => {
    expect(compareMrz(MRZ, TYPED)).toEqual([])
  })
  test.each([
    ['name', { surname: 'Ericson' }],
    ['birth-date', { dateOfBirth: '1974-12-08' }],
    ['number', { number: 'L898902C8' }],
    ['nationality', { nationality: 'HN' }],
    ['country', { country: 'HN' }],
    ['expiry', { expiresOn: '2012-04-16' }],
  ])('%s', (what, other) => {
    expect(compareMrz(MRZ, { ...TYPED, ...other })).toEqual([what])
  })
  test('and only where both say something', () => {
    const { expiresOn: _, ...rest } = TYPED
    expect(compareMrz({ ...MRZ, expiresOn: '<<<<<<' }, TYPED)).toEqual([])
    expect(compareMrz(MRZ, { ...rest, expiresOn: undefined })).toEqual([])
  })
  test('and can be filled in from them', () => {
    expect(statedBy({ ...MRZ, nationality: 'HND' }, '2026-11-22')).toEqual({
      givenName: 'ANNA MARIA',
      surname: 'ERIKSSON',
      dateOfBirth: '1974-08-12',
      number: 'L898902C3',
      nationality: 'HN',
      country: 'GB',
      expiresOn: '2012-04-15',
    })
  })
})
