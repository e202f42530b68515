// Made by `npm run client` from the OpenAPI document of the portal. Do not edit.
export type paths = {
  '/api/v1/me/natural-person/id-verification': {
    /** The latest approved identity verification */ get: {
      parameters: { path?: never; query?: { signed?: string }; header?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['IdVerification'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/me/natural-person/id-verification/images': {
    /** List the images of the resident's latest approved verification */ get: {
      parameters: { path?: never; query?: never; header?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: {
            'application/json': {
              images: components['schemas']['Image'][] /** The types that the resident does not share with this application; absent where everything is shared */
              withheld?: ('document_front' | 'document_back' | 'selfie')[]
            }
          }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/me/natural-person/id-verification/images/{type}': {
    /** A link to one image, with a life of your choice */ get: {
      parameters: {
        path: { type: string }
        query?: { expiresIn?: number }
        header?: never
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['ImageLink'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/me/natural-person/id-verification/images/{id}/content': {
    /** The bytes of one image, as the vendor had them */ get: {
      parameters: { path: { id: string }; query?: never; header?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'image/*': Blob } }
        304: { headers: Record<string, unknown>; content?: never }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/me/natural-person/id-verification/images/links': {
    /** Links to several images, with the earlier attempts of each */ post: {
      parameters: { path?: never; query?: never; header?: never; cookie?: never }
      requestBody: { content: { 'application/json': components['schemas']['LinkedImageTypes'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': Record<string, string | Record<string, string>> }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/me/natural-person/id-verification/images/base64': {
    /** Several images inside the answer */ post: {
      parameters: { path?: never; query?: never; header?: never; cookie?: never }
      requestBody: { content: { 'application/json': components['schemas']['ImageTypes'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': Record<string, string> }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/me/natural-person/id-verification/status': {
    /** Whether the resident was verified, and no more */ get: {
      parameters: { path?: never; query?: never; header?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['VerificationStatus'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/me/natural-person/age-over': {
    /** Whether the resident has reached an age, and not which */ get: {
      parameters: {
        path?: never
        query?: { age?: '13' | '14' | '15' | '16' | '18' | '20' | '21' | '25' | '60' | '65' | '67' }
        header?: never
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['AgeOver'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/me/natural-person': {
    /** Who the resident is */ get: {
      parameters: { path?: never; query?: never; header?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['NaturalPerson'] | null }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/me/natural-person/residency': {
    /** Whether, and of which kind, the person is a resident */ get: {
      parameters: { path?: never; query?: never; header?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Residency'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications': {
    /** Start a session for a subject of yours, at a vendor or for review by yourselves */ post: {
      parameters: {
        path?: never
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['StartVerification'] } }
      responses: {
        201: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['StartedVerification'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        502: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{id}': {
    /** One verification of your tenant */ get: {
      parameters: {
        path: { id: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Verification'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    } /** Erase one, with its data and images, at the vendor too */
    delete: {
      parameters: {
        path: { id: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        204: { headers: Record<string, unknown>; content?: never }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{id}/document': {
    /** Upload the document's front, for a verification of `manual` */ post: {
      parameters: {
        path: { id: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['Upload'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['UploadedImage'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        409: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{id}/document/back': {
    /** Upload the document's back, for a verification of `manual` */ post: {
      parameters: {
        path: { id: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['Upload'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['UploadedImage'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        409: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{id}/selfie': {
    /** Upload the person's face, for a verification of `manual` */ post: {
      parameters: {
        path: { id: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['Upload'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['UploadedImage'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        409: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{id}/complete': {
    /** Close the uploads of a verification of `manual`; it then waits for review */ post: {
      parameters: {
        path: { id: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: { content: { 'application/json': components['schemas']['TypedDocument'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Verification'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        409: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{id}/result': {
    /** What came of it */ get: {
      parameters: {
        path: { id: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Result'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{id}/review': {
    /** Decide what the vendor has finished */ post: {
      parameters: {
        path: { id: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['Review'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Verification'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        409: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/subjects/{subjectId}/verifications': {
    /** The verifications of a subject, newest first */ get: {
      parameters: {
        path: { subjectId: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: {
            'application/json': { verifications: components['schemas']['Verification'][] }
          }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/subjects': {
    /** Your subjects, the newest 500 first, or the one of your own id */ get: {
      parameters: {
        path?: never
        query?: { externalId?: string }
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': { subjects: components['schemas']['Subject'][] } }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/subjects/{subjectId}': {
    /** One subject of your tenant */ get: {
      parameters: {
        path: { subjectId: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Subject'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    } /** Erase a subject with every verification, at the vendors too */
    delete: {
      parameters: {
        path: { subjectId: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        204: { headers: Record<string, unknown>; content?: never }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/subjects/{subjectId}/link': {
    /** Get a link by which a resident links this subject to the own account */ post: {
      parameters: {
        path: { subjectId: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['LinkRequest'] } }
      responses: {
        201: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Link'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        409: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/alerts': {
    /** What the portal noticed about your subjects and integrations, the newest 500 first */ get: {
      parameters: {
        path?: never
        query?: { status?: 'open' | 'resolved' }
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': { alerts: components['schemas']['Alert'][] } }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/alerts/{id}/resolve': {
    /** Resolve an alert */ post: {
      parameters: {
        path: { id: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['AlertResolution'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Alert'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        409: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/vendors': {
    /** Your integrations, and how their deliveries and images are doing */ get: {
      parameters: {
        path?: never
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': { vendors: components['schemas']['VendorHealth'][] } }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/document-types': {
    /** The kinds of documents there are */ get: {
      parameters: {
        path?: never
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: {
            'application/json': {
              documentTypes: {
                code:
                  | 'passport'
                  | 'national_id'
                  | 'drivers_license'
                  | 'residence_permit'
                  | 'visa'
                  | 'other'
                name: string
              }[]
            }
          }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{verificationId}/images': {
    /** List the images of a verification of your tenant */ get: {
      parameters: {
        path: { verificationId: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: {
            'application/json': {
              images: components['schemas']['Image'][] /** The types that the resident does not share with this application; absent where everything is shared */
              withheld?: ('document_front' | 'document_back' | 'selfie')[]
            }
          }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{verificationId}/images/{type}': {
    /** A link to one image, with a life of your choice */ get: {
      parameters: {
        path: { verificationId: string; type: string }
        query?: { expiresIn?: number }
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['ImageLink'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{verificationId}/images/{id}/content': {
    /** The bytes of one image, as the vendor had them */ get: {
      parameters: {
        path: { verificationId: string; id: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'image/*': Blob } }
        304: { headers: Record<string, unknown>; content?: never }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{verificationId}/images/links': {
    /** Links to several images, with the earlier attempts of each */ post: {
      parameters: {
        path: { verificationId: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['LinkedImageTypes'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': Record<string, string | Record<string, string>> }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/idv/verifications/{verificationId}/images/base64': {
    /** Several images inside the answer */ post: {
      parameters: {
        path: { verificationId: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['ImageTypes'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': Record<string, string> }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
  '/api/v1/verification': {
    /** Start a session, as Mosaic's API does */ post: {
      parameters: {
        path?: never
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['MosaicCreateSession'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicCreatedSession'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        502: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
      }
    }
  }
  '/api/v1/verification/{sid}/result': {
    /** What came of a session, as Mosaic's API answers it */ get: {
      parameters: {
        path: { sid: string }
        query?: { detailed?: 'true' | 'false' }
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicResult'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
      }
    }
  }
  '/api/v1/verification/{sid}': {
    /** Erase a session with its data and images, as Mosaic's API does */ delete: {
      parameters: {
        path: { sid: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': Record<string, unknown> }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
      }
    }
  }
  '/api/v1/verification/{sid}/images': {
    /** The images of a session, as Mosaic's API lists them */ get: {
      parameters: {
        path: { sid: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicImages'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
      }
    } /** Add an image to a session of `manual`, as Mosaic's API does */
    post: {
      parameters: {
        path: { sid: string }
        query?: never
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody: { content: { 'application/json': components['schemas']['MosaicAddedImage'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicFeedback'] }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        405: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        409: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
      }
    }
  }
  '/api/v1/verification/{sid}/images/{id}': {
    /** One image of a session */ get: {
      parameters: {
        path: { sid: string; id: string }
        query?: { format?: 'raw' }
        header?: { 'X-Tenant-ID'?: string }
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'image/*': Blob } }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        403: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['MosaicError'] }
        }
      }
    }
  }
  '/api/v1/events/poll': {
    /** Fetch events as Security Event Tokens, and acknowledge those that came before */ post: {
      parameters: { path?: never; query?: never; header?: never; cookie?: never }
      requestBody: { content: { 'application/json': components['schemas']['Poll'] } }
      responses: {
        200: {
          headers: Record<string, unknown>
          content: {
            'application/json': {
              /** Security Event Tokens by their `jti` */ sets: Record<string, string>
              moreAvailable?: boolean
            }
          }
        }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        409: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/events/{id}/answer': {
    /** Say what became of your copies after an erasure */ post: {
      parameters: { path: { id: string }; query?: never; header?: never; cookie?: never }
      requestBody: { content: { 'application/json': components['schemas']['ErasureAnswer'] } }
      responses: {
        204: { headers: Record<string, unknown>; content?: never }
        400: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        401: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        404: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        406: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        413: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        415: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        429: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/health': {
    /** Whether the server runs */ get: {
      parameters: { path?: never; query?: never; header?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': { status: 'ok' } } }
        405: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['Error'] }
        }
      }
    }
  }
  '/api/v1/idv/health': {
    /** Whether the server runs, under the base path of a back office */ get: {
      parameters: { path?: never; query?: never; header?: never; cookie?: never }
      requestBody?: never
      responses: {
        200: { headers: Record<string, unknown>; content: { 'application/json': { status: 'ok' } } }
        405: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
        500: {
          headers: Record<string, unknown>
          content: { 'application/json': components['schemas']['BackOfficeError'] }
        }
      }
    }
  }
}
export type components = {
  schemas: {
    AgeOver: {
      age: number /** null where the date of birth is not known */
      isOver: boolean | null
    }
    Alert: {
      id: string
      type: 'reused_document' | 'forged_deliveries' | 'repeated_declines'
      status: 'open' | 'resolved'
      severity: 'low' | 'medium' | 'high' /** Null for forged deliveries */
      verificationId:
        | string
        | null /** Of a reused document: the earlier verification with the same image */
      relatedVerificationId: string | null
      subjectId: string | null /** Of forged deliveries */
      vendor: string | null /** Of forged deliveries: the integration they were sent to */
      integration: string | null /** How many deliveries were forged; 1 for the other types */
      count: number /** UTC, with milliseconds */
      createdAt: string
      resolvedAt: string | null
      resolution: {
        reason: string /** The client that resolved it; null: the operator */
        by: string | null
      } | null
    }
    AlertResolution: { /** One line of ordinary text */ reason: string }
    BackOfficeError: {
      /** For programs */ code: string /** For people */
      error: string
      details: Record<string, unknown>
    }
    DocumentText: string
    ErasureAnswer: {
      outcome:
        | 'erased'
        | 'kept'
        | 'nothing-held' /** Why something is kept, such as the law that asks for it */
      reason?: string
    }
    Error: {
      /** For programs */ error: string /** For people */
      error_description?: string /** What the error means and what to do. The header `Link` has it too, also where the body has no such member */
      error_uri?: string
      details?: Record<string, unknown>
    }
    IdVerification: {
      id: string | null /** Who verified it; `manual`: people */
      type: 'veriff' | 'kora' | 'incode' | 'mosaic' | 'sumsub' | 'stripe' | 'manual' | null
      documentType?:
        | 'passport'
        | 'national_id'
        | 'drivers_license'
        | 'residence_permit'
        | 'visa'
        | 'other'
        | null /** When the verification session was created */
      date: string | null
      status: 'approved' | null
      documents: {
        documentFront: string | null /** Passports have none */
        documentBack: string | null
        face: string | null
      } /** The members of `documents` that the resident does not share with this application; absent where everything is shared */
      withheld?: ('documentFront' | 'documentBack' | 'face')[]
    }
    Image: {
      /** `null` for a type of which there is no image */ id:
        | string
        | null /** document_front, document_back, selfie, liveness_frame, and what else the vendor had */
      type: string /** Copied here and proven; what is not cannot be read, or not yet */
      available: boolean
      contentType: string | null /** Bytes */
      size: number | null
      sha256: string | null
      capturedAt: string | null
    }
    ImageLink: {
      /** A presigned link: it opens one JPEG without signing in, until it expires. A secret. */ url: string /** Seconds */
      expiresIn: number
      imageType: string
    }
    ImageTypes: {
      /** Our names, or those of Incode's systems such as fullFrameFrontID */ images: string[]
    }
    Link: {
      /** For this person alone: whoever opens it, signed in, may link the subject. Once */ url: string /** UTC, with milliseconds */
      expiresAt: string
    }
    LinkRequest: {
      /** Where the resident goes back to; with subjectId, result (linked or declined) and state */ callback_url?: string
      state?: string
    }
    LinkedImageTypes: {
      /** Our names, or those of Incode's systems such as fullFrameFrontID */ images: string[]
    }
    MosaicAddedImage: {
      image: {
        /** Such as jpg; the bytes decide */ format: string
        image_type: 'document_front' | 'document_back' | 'selfie' /** The image, as base64 */
        content: string /** Without effect */
        capture_margins?: unknown /** Without effect */
        image_id?: unknown
      } /** Without effect */
      device_info?: Record<string, unknown> | null
    }
    MosaicCreateSession: {
      /** Where the browser is sent when the person is done; with sessionId and state */ callback_url?: string
      state?: string /** Checked, and without effect: your tenant's retention decides */
      time_to_live?: string /** Not offered: absent or null */
      mock_behavior?: null /** Without effect. true is accepted only where your verifier is `manual`, and otherwise refused with 400 */
      auto_start?:
        | boolean
        | null /** Without effect. An object is accepted only where your verifier is `manual`, and otherwise refused with 400 */
      start?: Record<string, unknown> | null
    }
    MosaicCreatedSession: {
      /** Opens the session at `/app/{start_token}`: for that person alone; nothing where your verifier is `manual` */ start_token: string
      session_id: string /** How long start_token leads to the session */
      expiration: string
      missing_images: ('document_front' | 'document_back' | 'selfie')[]
    }
    MosaicError: {
      /** For people; names the key that is at fault */ message: string /** The status */
      error_code: number
    }
    MosaicFeedback: {
      feedback: 'ok' /** All images are there: the session waits for review */
      complete: boolean
      missing_images: ('document_front' | 'document_back' | 'selfie')[]
    }
    MosaicImages: {
      session_images: {
        id: string /** jpg, png, or what else the vendor had */
        format: string /** document_front, document_back, selfie, and what else the vendor had */
        type: string /** The vendor did not accept it */
        rejected: boolean /** The whole picture, not a part of another */
        original: boolean
      }[]
    }
    MosaicResult:
      | { session_id: string; status: 'pending' | 'processing' | 'recapture' | 'error' }
      | {
          session_id: string
          status: 'complete'
          recommendation: 'ALLOW' | 'CHALLENGE' | 'DENY'
          person: {
            full_name?: string
            given_name?: string
            surname?: string /** The day, at midnight UTC */
            date_of_birth?: string
          }
          document: {
            type?:
              | 'passport'
              | 'national_id'
              | 'drivers_license'
              | 'residence_permit'
              | 'visa'
              | 'other'
            country?: string
            number?: string /** The day, at midnight UTC */
            issue_date?: string /** The day, at midnight UTC */
            expiration_date?: string
          } /** Empty: nothing of it is stored here */
          additional_info: Record<
            string,
            unknown
          > /** `vendor`: the vendor's recommendation as a whole */
          checks: Record<
            string,
            { recommendation: 'ALLOW' | 'CHALLENGE' | 'DENY'; reasons?: string[] }
          >
        }
      | {
          session_id: string
          status: 'complete'
          recommendation: 'ALLOW' | 'CHALLENGE' | 'DENY'
          verified_info?: {
            person: {
              full_name?: string
              given_name?: string
              surname?: string /** The day, at midnight UTC */
              date_of_birth?: string
            }
            document: {
              full_name?: string
              given_name?: string
              surname?: string
              type?:
                | 'passport'
                | 'national_id'
                | 'drivers_license'
                | 'residence_permit'
                | 'visa'
                | 'other'
              country?: string
              id_value?: string /** The day, at midnight UTC */
              issue_date?: string /** The day, at midnight UTC */
              valid_until?: string
            }
          }
          extracted_info?: {
            person: {
              full_name?: string
              given_name?: string
              surname?: string /** The day, at midnight UTC */
              date_of_birth?: string
            }
            document: {
              full_name?: string
              given_name?: string
              surname?: string
              type?:
                | 'passport'
                | 'national_id'
                | 'drivers_license'
                | 'residence_permit'
                | 'visa'
                | 'other'
              country?: string
              id_value?: string /** The day, at midnight UTC */
              issue_date?: string /** The day, at midnight UTC */
              valid_until?: string
            }
          }
          rejection_description?: string[]
        }
    NaturalPerson: {
      givenName: string
      surname: string
      name: string
      residentPermitNumber: string | null
      countryOfBirth: string | null
      citizenships: string[]
      dateOfBirth: string | null
      sex: 'M' | 'F' | null
      address: {
        country: string
        line1: string
        line2: string | null
        city: string
        state: string | null
        postalCode: string
      } | null
      phoneNumber: string | null
    }
    Poll: {
      /** 0 acknowledges and no more; there are up to 100 at once */ maxEvents?: number /** Else it waits up to 25 seconds for an event */
      returnImmediately?: boolean
      ack?: string[]
      setErrs?: Record<string, { err: string }>
    }
    Residency: {
      wasEverResident: boolean
      activeResidency: {
        effectiveDate: string
        terminationDate: string | null
        residencyType: 'Limited e-Resident' | 'e-Resident' | 'Resident'
        version: string
      } | null
    }
    Result:
      | { session_id: string; status: 'pending' | 'recapture' | 'error' }
      | {
          session_id: string
          status: 'complete'
          recommendation:
            | 'ALLOW'
            | 'CHALLENGE'
            | 'DENY' /** What the document says; null where the vendor read nothing */
          person: {
            given_name: string | null
            surname: string | null
            full_name: string | null /** YYYY-MM-DD */
            date_of_birth: string | null
          } | null
          document: {
            type:
              | 'passport'
              | 'national_id'
              | 'drivers_license'
              | 'residence_permit'
              | 'visa'
              | 'other'
              | null
            country: string | null
            number: string | null
            issue_date: string | null
            expiration_date: string | null /** Today; null where no expiration date is known */
            expired: boolean | null
          }
          checks: Record<
            string,
            { recommendation: 'ALLOW' | 'CHALLENGE' | 'DENY'; reasons: string[] }
          >
        }
    Review: { decision: 'approve' | 'reject' /** One line of ordinary text */; reason?: string }
    StartVerification: {
      /** May be left out where your tenant has one integration */ vendor?:
        | 'veriff'
        | 'kora'
        | 'incode'
        | 'mosaic'
        | 'sumsub'
        | 'stripe'
        | 'manual' /** Your own word for the kind of verification; it is stored and returned */
      tier?: string /** Your own id of the person: one that says nothing by itself, no e-mail address or name. Code points that Unicode has not assigned are refused too. */
      externalId?: string /** Of an existing subject, in the place of externalId */
      subjectId?: string /** May be left out where there is one with the vendor, or one of them is named default */
      integration?: string /** Where the browser is sent when the person is done; with verificationId and state */
      callback_url?: string
      state?: string
    }
    StartedVerification: {
      id: string /** Of your own subject; null for what the operator started for a resident */
      subjectId: string | null /** Your own id of the person */
      externalId: string | null /** `manual`: reviewed by yourselves */
      vendor: 'veriff' | 'kora' | 'incode' | 'mosaic' | 'sumsub' | 'stripe' | 'manual'
      status:
        | 'pending'
        | 'approved'
        | 'declined'
        | 'resubmission'
        | 'review'
        | 'expired'
        | 'error' /** As it was given at the start */
      tier: string
      documentType:
        | 'passport'
        | 'national_id'
        | 'drivers_license'
        | 'residence_permit'
        | 'visa'
        | 'other'
        | null /** All images are stored: they can be read */
      imagePersisted: boolean /** UTC, with milliseconds */
      createdAt: string /** UTC, with milliseconds */
      updatedAt: string
      completedAt:
        | string
        | null /** Where the person goes; it opens the session, so it goes to nobody else. `null` of `manual`: you upload the images */
      url: string | null
    }
    Subject: {
      id: string /** Your own id of the person */
      externalId: string /** A resident of the portal has linked it to the own account */
      linked: boolean /** UTC, with milliseconds */
      createdAt: string
    }
    TypedDocument: {
      documentType?:
        | 'passport'
        | 'national_id'
        | 'drivers_license'
        | 'residence_permit'
        | 'visa'
        | 'other'
      documentNumber?: components['schemas']['DocumentText']
      givenName?: components['schemas']['DocumentText']
      surname?: components['schemas']['DocumentText']
      dateOfBirth?: string
      nationality?: string
      issuingCountry?: string
      issueDate?: string
      expirationDate?: string
    }
    Upload: {
      /** The image, as base64 */ image: string
      documentType?:
        | 'passport'
        | 'national_id'
        | 'drivers_license'
        | 'residence_permit'
        | 'visa'
        | 'other'
      documentNumber?: components['schemas']['DocumentText']
      givenName?: components['schemas']['DocumentText']
      surname?: components['schemas']['DocumentText']
      dateOfBirth?: string
      nationality?: string
      issuingCountry?: string
      issueDate?: string
      expirationDate?: string
    }
    UploadForm: {
      /** The image, as a file */ image: Blob
      documentType?:
        | 'passport'
        | 'national_id'
        | 'drivers_license'
        | 'residence_permit'
        | 'visa'
        | 'other'
      documentNumber?: components['schemas']['DocumentText']
      givenName?: components['schemas']['DocumentText']
      surname?: components['schemas']['DocumentText']
      dateOfBirth?: string
      nationality?: string
      issuingCountry?: string
      issueDate?: string
      expirationDate?: string
    }
    UploadedImage: {
      /** Of the image, as the list of images has it once the verification is complete */ id: string
      type:
        | 'document_front'
        | 'document_back'
        | 'selfie' /** Without which it cannot be completed */
      missingImages: ('document_front' | 'document_back' | 'selfie')[]
    }
    VendorHealth: {
      vendor:
        | 'veriff'
        | 'kora'
        | 'incode'
        | 'mosaic'
        | 'sumsub'
        | 'stripe'
        | 'manual' /** Its name, as in alerts and at the start of a session */
      integration: string /** New sessions can start */
      enabled: boolean /** When a new delivery last arrived */
      lastDeliveryAt: string | null /** Deliveries that are not applied yet */
      deliveriesWaiting: number /** When the oldest of them arrived */
      deliveriesWaitingSince:
        | string
        | null /** Genuine deliveries that could not be applied: the operator has to look */
      deliveriesFailed: number /** Images that are not stored yet */
      imagesWaiting: number /** The oldest decision that they belong to */
      imagesWaitingSince: string | null /** Images that could not be read */
      imagesRefused: number /** Sessions without a final decision */
      undecided: number /** Hosts of images that the integration does not allow: the operator can allow them */
      refusedHosts: string[]
    }
    Verification: {
      id: string /** Of your own subject; null for what the operator started for a resident */
      subjectId: string | null /** Your own id of the person */
      externalId: string | null /** `manual`: reviewed by yourselves */
      vendor: 'veriff' | 'kora' | 'incode' | 'mosaic' | 'sumsub' | 'stripe' | 'manual'
      status:
        | 'pending'
        | 'approved'
        | 'declined'
        | 'resubmission'
        | 'review'
        | 'expired'
        | 'error' /** As it was given at the start */
      tier: string
      documentType:
        | 'passport'
        | 'national_id'
        | 'drivers_license'
        | 'residence_permit'
        | 'visa'
        | 'other'
        | null /** All images are stored: they can be read */
      imagePersisted: boolean /** UTC, with milliseconds */
      createdAt: string /** UTC, with milliseconds */
      updatedAt: string
      completedAt: string | null
    }
    VerificationStatus: {
      approved: boolean
      since: string | null
      documentType:
        | 'passport'
        | 'national_id'
        | 'drivers_license'
        | 'residence_permit'
        | 'visa'
        | 'other'
        | null
    }
  }
}
