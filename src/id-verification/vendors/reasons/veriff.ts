import { tableOf } from './reason.ts'

/** `verification.reasonCode` (`docs/vendor-protocols.md` §3.9). */
export const VERIFF_REASONS = tableOf({
  'document-expired': [207, 620],
  'document-not-accepted': [206, 602],
  'document-damaged': [205, 621],
  'document-incomplete': [201, 203, 209, 603, 608, 609, 614, 615, 635],
  'document-unconfirmed': [102, 506, 507, 508],
  'original-needed': [101],
  'photo-unclear': [204, 619, 625, 626, 627, 628, 629, 630, 631, 632, 633, 634, 642],
  'face-unclear': [202, 208, 605, 606, 641],
  'face-different': [103, 120, 509],
  'data-different': [104, 122, 123],
  'address-proof': [527, 528],
  'too-many-tries': [539],
  technical: [121, 129],
  untold: [
    ...[105, 106, 107, 108, 109, 110, 111, 112, 113, 124, 126, 127, 128],
    ...[501, 502, 503, 504, 505, 515, 526],
  ],
})
