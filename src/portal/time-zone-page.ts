import { html } from 'hono/html'
import { csrfField, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { wordFor } from '../web/texts/languages.ts'

/** The page `/account/time-zone`. `zones` are names such as `America/Tegucigalpa`. */
export function timeZonePage(
  reader: Reader,
  data: {
    csrf: string
    /** `null`: the portal's own. */
    chosen: string | null
    ofPortal: string
    zones: readonly string[]
    error?: string | undefined
  },
): Html {
  const { csrf, chosen, ofPortal, error } = data
  const { common, format, timeZone } = reader.texts
  // A zone may have been chosen under another name of it.
  const zones = [...new Set([...data.zones, ...(chosen === null ? [] : [chosen])])].sort()
  return page(reader, {
    title: error ? timeZone.errorTitle : timeZone.title,
    body: html`<section class="card narrow">
<h1>${timeZone.title}</h1>
<p class="lead">${timeZone.lead}</p>
<form method="post" action="/account/time-zone">${csrfField(csrf)}
${error ? html`<p class="fault" id="zone-error">${error}</p>` : ''}
<div class="field"><label for="time-zone">${timeZone.title}</label>
<select id="time-zone" name="time-zone"${error ? html` aria-invalid="true" aria-describedby="zone-error"` : ''}>
<option value="">${timeZone.ofPortal(format.in(ofPortal).zone())}</option>
${[...regionsOf(zones)].map(
  ([region, names]) => html`<optgroup label="${wordFor(timeZone.regions, region) ?? region}">
${names.map(
  (name) =>
    html`<option value="${name}"${name === chosen ? html` selected` : ''}>${placeOf(name)}</option>`,
)}
</optgroup>`,
)}
</select></div>
<div class="buttons"><button class="primary" name="save-time-zone">${timeZone.save}</button><a class="button" href="/account">${common.cancel}</a></div>
</form>
</section>`,
  })
}

/** The zones by the first part of their names. */
function regionsOf(zones: readonly string[]): Map<string, string[]> {
  const regions = new Map<string, string[]>()
  for (const zone of zones) {
    const region = zone.includes('/') ? zone.slice(0, zone.indexOf('/')) : ''
    regions.set(region, [...(regions.get(region) ?? []), zone])
  }
  return regions
}

const placeOf = (zone: string): string =>
  zone
    .slice(zone.indexOf('/') + 1)
    .replaceAll('_', ' ')
    .replaceAll('/', ', ')
