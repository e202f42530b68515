import { tableOf } from './reason.ts'

/** Failed checks and their `reasons[]` (`docs/vendor-protocols.md` §6.4). */
export const MOSAIC_REASONS = tableOf({
  'document-damaged': ['document_damaged'],
  'document-unconfirmed': [
    'missing_security_features',
    'document_tampering',
    'document_text_tampering',
    'face_tampering',
    'wrong_font',
    'document_template_mismatch',
  ],
  'photo-unclear': ['data_extraction_failed', 'mrz_check_digits_invalid', 'face_not_found'],
  'face-unclear': ['multiple_faces_detected'],
  'face-different': ['biometric_mismatch', 'age_mismatch', 'gender_mismatch'],
  'data-different': ['data_validation_failed', 'data_comparison_failed'],
  untold: [
    // Whole checks: whatever they found is a sign of fraud.
    'flagged_identity',
    'risk_recommendation',
    'presentation_attack',
    'screen_capture',
    'printed_copy_capture',
    'printed_cutout',
    'mask_detected',
    'injection_attack_detected',
    'selfie_liveness_attack',
    'multiple_same_identity_attempts',
    'previous_document_fraud',
    'previous_face_fraud',
  ],
})
