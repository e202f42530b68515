import { tableOf } from './reason.ts'

/** `last_error.code` of a session (`docs/vendor-protocols.md` §11.8). */
export const STRIPE_REASONS = tableOf({
  'document-expired': ['document_expired'],
  'document-not-accepted': ['document_type_not_supported', 'country_not_supported'],
  'document-unconfirmed': ['document_unverified_other'],
  'face-unclear': ['selfie_unverified_other'],
  'face-different': ['selfie_face_mismatch'],
  'photo-unclear': ['selfie_document_missing_photo'],
  'data-different': ['id_number_mismatch', 'id_number_unverified_other'],
  'more-needed': ['id_number_insufficient_document_data'],
  'contact-unconfirmed': [
    'email_unverified_other',
    'email_verification_declined',
    'phone_unverified_other',
    'phone_verification_declined',
  ],
  age: ['under_supported_age'],
  'agreement-missing': ['consent_declined'],
  device: ['device_not_supported'],
  unfinished: ['abandoned'],
  untold: ['selfie_manipulated'],
})
