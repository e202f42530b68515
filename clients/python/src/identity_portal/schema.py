# Made by `npm run client` from the OpenAPI document of the portal. Do not edit.
from __future__ import annotations

from typing import (
    Any,
    Literal,
    NotRequired,
    TypeAlias,
    TypedDict,
)


class AgeOver(TypedDict):
    age: int
    # null where the date of birth is not known
    isOver: bool | None


class AlertResolution(TypedDict):
    # One line of ordinary text
    reason: str


class Alert(TypedDict):
    id: str
    type: Literal["reused_document", "forged_deliveries", "repeated_declines"]
    status: Literal["open", "resolved"]
    severity: Literal["low", "medium", "high"]
    # Null for forged deliveries
    verificationId: str | None
    # Of a reused document: the earlier verification with the same image
    relatedVerificationId: str | None
    subjectId: str | None
    # Of forged deliveries
    vendor: str | None
    # Of forged deliveries: the integration they were sent to
    integration: str | None
    # How many deliveries were forged; 1 for the other types
    count: int
    # UTC, with milliseconds
    createdAt: str
    resolvedAt: str | None
    resolution: AlertResolution | None


class BackOfficeError(TypedDict):
    # For programs
    code: str
    # For people
    error: str
    details: dict[str, Any]


DocumentText: TypeAlias = "str"


class ErasureAnswer(TypedDict):
    outcome: Literal["erased", "kept", "nothing-held"]
    # Why something is kept, such as the law that asks for it
    reason: NotRequired[str]


class Error(TypedDict):
    # For programs
    error: str
    # For people
    error_description: NotRequired[str]
    # What the error means and what to do. The header `Link` has it too, also where the body has no such member
    error_uri: NotRequired[str]
    details: NotRequired[dict[str, Any]]


class IdVerificationDocuments(TypedDict):
    documentFront: str | None
    # Passports have none
    documentBack: str | None
    face: str | None


class IdVerification(TypedDict):
    """Every field is null where nothing is approved."""

    id: str | None
    # Who verified it; `manual`: people
    type: Literal["veriff", "kora", "incode", "mosaic", "sumsub", "stripe", "manual"] | None
    documentType: NotRequired[Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"] | None]
    # When the verification session was created
    date: str | None
    status: Literal["approved"] | None
    documents: IdVerificationDocuments
    # The members of `documents` that the resident does not share with this application; absent where everything is shared
    withheld: NotRequired[list[Literal["documentFront", "documentBack", "face"]]]


class Image(TypedDict):
    # `null` for a type of which there is no image
    id: str | None
    # document_front, document_back, selfie, liveness_frame, and what else the vendor had
    type: str
    # Copied here and proven; what is not cannot be read, or not yet
    available: bool
    contentType: str | None
    # Bytes
    size: int | None
    sha256: str | None
    capturedAt: str | None


class ImageLink(TypedDict):
    # A presigned link: it opens one JPEG without signing in, until it expires. A secret.
    url: str
    # Seconds
    expiresIn: int
    imageType: str


class ImageTypes(TypedDict):
    # Our names, or those of Incode's systems such as fullFrameFrontID
    images: list[str]


class Link(TypedDict):
    # For this person alone: whoever opens it, signed in, may link the subject. Once
    url: str
    # UTC, with milliseconds
    expiresAt: str


class LinkRequest(TypedDict):
    # Where the resident goes back to; with subjectId, result (linked or declined) and state
    callback_url: NotRequired[str]
    state: NotRequired[str]


class LinkedImageTypes(TypedDict):
    # Our names, or those of Incode's systems such as fullFrameFrontID
    images: list[str]


class MosaicAddedImageImage(TypedDict):
    # Such as jpg; the bytes decide
    format: str
    image_type: Literal["document_front", "document_back", "selfie"]
    # The image, as base64
    content: str
    # Without effect
    capture_margins: NotRequired[Any]
    # Without effect
    image_id: NotRequired[Any]


class MosaicAddedImage(TypedDict):
    image: MosaicAddedImageImage
    # Without effect
    device_info: NotRequired[dict[str, Any] | None]


class MosaicCreateSession(TypedDict):
    # Where the browser is sent when the person is done; with sessionId and state
    callback_url: NotRequired[str]
    state: NotRequired[str]
    # Checked, and without effect: your tenant's retention decides
    time_to_live: NotRequired[str]
    # Not offered: absent or null
    mock_behavior: NotRequired[None]
    # Without effect. true is accepted only where your verifier is `manual`, and otherwise refused with 400
    auto_start: NotRequired[bool | None]
    # Without effect. An object is accepted only where your verifier is `manual`, and otherwise refused with 400
    start: NotRequired[dict[str, Any] | None]


class MosaicCreatedSession(TypedDict):
    # Opens the session at `/app/{start_token}`: for that person alone; nothing where your verifier is `manual`
    start_token: str
    session_id: str
    # How long start_token leads to the session
    expiration: str
    missing_images: list[Literal["document_front", "document_back", "selfie"]]


class MosaicError(TypedDict):
    # For people; names the key that is at fault
    message: str
    # The status
    error_code: int


class MosaicFeedback(TypedDict):
    feedback: Literal["ok"]
    # All images are there: the session waits for review
    complete: bool
    missing_images: list[Literal["document_front", "document_back", "selfie"]]


class MosaicImagesSessionImages(TypedDict):
    id: str
    # jpg, png, or what else the vendor had
    format: str
    # document_front, document_back, selfie, and what else the vendor had
    type: str
    # The vendor did not accept it
    rejected: bool
    # The whole picture, not a part of another
    original: bool


class MosaicImages(TypedDict):
    session_images: list[MosaicImagesSessionImages]


class MosaicResult(TypedDict):
    session_id: str
    status: Literal["complete"]
    recommendation: Literal["ALLOW", "CHALLENGE", "DENY"]
    verified_info: NotRequired[MosaicResultVerifiedInfo]
    extracted_info: NotRequired[MosaicResultExtractedInfo]
    rejection_description: NotRequired[list[str]]


class MosaicResultPerson(TypedDict):
    full_name: NotRequired[str]
    given_name: NotRequired[str]
    surname: NotRequired[str]
    # The day, at midnight UTC
    date_of_birth: NotRequired[str]


class MosaicResultDocument(TypedDict):
    type: NotRequired[Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"]]
    country: NotRequired[str]
    number: NotRequired[str]
    # The day, at midnight UTC
    issue_date: NotRequired[str]
    # The day, at midnight UTC
    expiration_date: NotRequired[str]


class MosaicResultChecks(TypedDict):
    recommendation: Literal["ALLOW", "CHALLENGE", "DENY"]
    reasons: NotRequired[list[str]]


class MosaicResultVerifiedInfoPerson(TypedDict):
    full_name: NotRequired[str]
    given_name: NotRequired[str]
    surname: NotRequired[str]
    # The day, at midnight UTC
    date_of_birth: NotRequired[str]


class MosaicResultVerifiedInfoDocument(TypedDict):
    full_name: NotRequired[str]
    given_name: NotRequired[str]
    surname: NotRequired[str]
    type: NotRequired[Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"]]
    country: NotRequired[str]
    id_value: NotRequired[str]
    # The day, at midnight UTC
    issue_date: NotRequired[str]
    # The day, at midnight UTC
    valid_until: NotRequired[str]


class MosaicResultVerifiedInfo(TypedDict):
    person: MosaicResultVerifiedInfoPerson
    document: MosaicResultVerifiedInfoDocument


class MosaicResultExtractedInfoPerson(TypedDict):
    full_name: NotRequired[str]
    given_name: NotRequired[str]
    surname: NotRequired[str]
    # The day, at midnight UTC
    date_of_birth: NotRequired[str]


class MosaicResultExtractedInfoDocument(TypedDict):
    full_name: NotRequired[str]
    given_name: NotRequired[str]
    surname: NotRequired[str]
    type: NotRequired[Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"]]
    country: NotRequired[str]
    id_value: NotRequired[str]
    # The day, at midnight UTC
    issue_date: NotRequired[str]
    # The day, at midnight UTC
    valid_until: NotRequired[str]


class MosaicResultExtractedInfo(TypedDict):
    person: MosaicResultExtractedInfoPerson
    document: MosaicResultExtractedInfoDocument


class NaturalPersonAddress(TypedDict):
    country: str
    line1: str
    line2: str | None
    city: str
    state: str | None
    postalCode: str


class NaturalPerson(TypedDict):
    givenName: str
    surname: str
    name: str
    residentPermitNumber: str | None
    countryOfBirth: str | None
    citizenships: list[str]
    dateOfBirth: str | None
    sex: Literal["M", "F"] | None
    address: NaturalPersonAddress | None
    phoneNumber: str | None


class PollSetErrs(TypedDict):
    err: str


class Poll(TypedDict):
    # 0 acknowledges and no more; there are up to 100 at once
    maxEvents: NotRequired[int]
    # Else it waits up to 25 seconds for an event
    returnImmediately: NotRequired[bool]
    ack: NotRequired[list[str]]
    setErrs: NotRequired[dict[str, PollSetErrs]]


class ResidencyActiveResidency(TypedDict):
    effectiveDate: str
    terminationDate: str | None
    residencyType: Literal["Limited e-Resident", "e-Resident", "Resident"]
    version: str


class Residency(TypedDict):
    wasEverResident: bool
    activeResidency: ResidencyActiveResidency | None


class Result(TypedDict):
    session_id: str
    status: Literal["complete"]
    recommendation: Literal["ALLOW", "CHALLENGE", "DENY"]
    # What the document says; null where the vendor read nothing
    person: ResultPerson | None
    document: ResultDocument
    checks: dict[str, ResultChecks]


class ResultPerson(TypedDict):
    given_name: str | None
    surname: str | None
    full_name: str | None
    # YYYY-MM-DD
    date_of_birth: str | None


class ResultDocument(TypedDict):
    type: Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"] | None
    country: str | None
    number: str | None
    issue_date: str | None
    expiration_date: str | None
    # Today; null where no expiration date is known
    expired: bool | None


class ResultChecks(TypedDict):
    recommendation: Literal["ALLOW", "CHALLENGE", "DENY"]
    reasons: list[str]


class Review(TypedDict):
    decision: Literal["approve", "reject"]
    # One line of ordinary text
    reason: NotRequired[str]


class StartVerification(TypedDict):
    # May be left out where your tenant has one integration
    vendor: NotRequired[Literal["veriff", "kora", "incode", "mosaic", "sumsub", "stripe", "manual"]]
    # Your own word for the kind of verification; it is stored and returned
    tier: NotRequired[str]
    # Your own id of the person: one that says nothing by itself, no e-mail address or name. Code points that Unicode has not assigned are refused too.
    externalId: NotRequired[str]
    # Of an existing subject, in the place of externalId
    subjectId: NotRequired[str]
    # May be left out where there is one with the vendor, or one of them is named default
    integration: NotRequired[str]
    # Where the browser is sent when the person is done; with verificationId and state
    callback_url: NotRequired[str]
    state: NotRequired[str]


class StartedVerification(TypedDict):
    id: str
    # Of your own subject; null for what the operator started for a resident
    subjectId: str | None
    # Your own id of the person
    externalId: str | None
    # `manual`: reviewed by yourselves
    vendor: Literal["veriff", "kora", "incode", "mosaic", "sumsub", "stripe", "manual"]
    status: Literal["pending", "approved", "declined", "resubmission", "review", "expired", "error"]
    # As it was given at the start
    tier: str
    documentType: Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"] | None
    # All images are stored: they can be read
    imagePersisted: bool
    # UTC, with milliseconds
    createdAt: str
    # UTC, with milliseconds
    updatedAt: str
    completedAt: str | None
    # Where the person goes; it opens the session, so it goes to nobody else. `null` of `manual`: you upload the images
    url: str | None


class Subject(TypedDict):
    id: str
    # Your own id of the person
    externalId: str
    # A resident of the portal has linked it to the own account
    linked: bool
    # UTC, with milliseconds
    createdAt: str


class TypedDocument(TypedDict):
    documentType: NotRequired[Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"]]
    documentNumber: NotRequired[DocumentText]
    givenName: NotRequired[DocumentText]
    surname: NotRequired[DocumentText]
    dateOfBirth: NotRequired[str]
    nationality: NotRequired[str]
    issuingCountry: NotRequired[str]
    issueDate: NotRequired[str]
    expirationDate: NotRequired[str]


class Upload(TypedDict):
    # The image, as base64
    image: str
    documentType: NotRequired[Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"]]
    documentNumber: NotRequired[DocumentText]
    givenName: NotRequired[DocumentText]
    surname: NotRequired[DocumentText]
    dateOfBirth: NotRequired[str]
    nationality: NotRequired[str]
    issuingCountry: NotRequired[str]
    issueDate: NotRequired[str]
    expirationDate: NotRequired[str]


class UploadForm(TypedDict):
    # The image, as a file
    image: bytes
    documentType: NotRequired[Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"]]
    documentNumber: NotRequired[DocumentText]
    givenName: NotRequired[DocumentText]
    surname: NotRequired[DocumentText]
    dateOfBirth: NotRequired[str]
    nationality: NotRequired[str]
    issuingCountry: NotRequired[str]
    issueDate: NotRequired[str]
    expirationDate: NotRequired[str]


class UploadedImage(TypedDict):
    # Of the image, as the list of images has it once the verification is complete
    id: str
    type: Literal["document_front", "document_back", "selfie"]
    # Without which it cannot be completed
    missingImages: list[Literal["document_front", "document_back", "selfie"]]


class VendorHealth(TypedDict):
    vendor: Literal["veriff", "kora", "incode", "mosaic", "sumsub", "stripe", "manual"]
    # Its name, as in alerts and at the start of a session
    integration: str
    # New sessions can start
    enabled: bool
    # When a new delivery last arrived
    lastDeliveryAt: str | None
    # Deliveries that are not applied yet
    deliveriesWaiting: int
    # When the oldest of them arrived
    deliveriesWaitingSince: str | None
    # Genuine deliveries that could not be applied: the operator has to look
    deliveriesFailed: int
    # Images that are not stored yet
    imagesWaiting: int
    # The oldest decision that they belong to
    imagesWaitingSince: str | None
    # Images that could not be read
    imagesRefused: int
    # Sessions without a final decision
    undecided: int
    # Hosts of images that the integration does not allow: the operator can allow them
    refusedHosts: list[str]


class Verification(TypedDict):
    id: str
    # Of your own subject; null for what the operator started for a resident
    subjectId: str | None
    # Your own id of the person
    externalId: str | None
    # `manual`: reviewed by yourselves
    vendor: Literal["veriff", "kora", "incode", "mosaic", "sumsub", "stripe", "manual"]
    status: Literal["pending", "approved", "declined", "resubmission", "review", "expired", "error"]
    # As it was given at the start
    tier: str
    documentType: Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"] | None
    # All images are stored: they can be read
    imagePersisted: bool
    # UTC, with milliseconds
    createdAt: str
    # UTC, with milliseconds
    updatedAt: str
    completedAt: str | None


class VerificationStatus(TypedDict):
    approved: bool
    since: str | None
    documentType: Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"] | None


class OwnListImagesResponse(TypedDict):
    images: list[Image]
    # The types that the resident does not share with this application; absent where everything is shared
    withheld: NotRequired[list[Literal["document_front", "document_back", "selfie"]]]


class ListVerificationsResponse(TypedDict):
    verifications: list[Verification]


class ListSubjectsResponse(TypedDict):
    subjects: list[Subject]


class ListAlertsResponse(TypedDict):
    alerts: list[Alert]


class ListVendorsResponse(TypedDict):
    vendors: list[VendorHealth]


class ListDocumentTypesResponseDocumentTypes(TypedDict):
    code: Literal["passport", "national_id", "drivers_license", "residence_permit", "visa", "other"]
    name: str


class ListDocumentTypesResponse(TypedDict):
    documentTypes: list[ListDocumentTypesResponseDocumentTypes]


class TenantListImagesResponse(TypedDict):
    images: list[Image]
    # The types that the resident does not share with this application; absent where everything is shared
    withheld: NotRequired[list[Literal["document_front", "document_back", "selfie"]]]


class PollEventsResponse(TypedDict):
    # Security Event Tokens by their `jti`
    sets: dict[str, str]
    moreAvailable: NotRequired[bool]


class GetHealthResponse(TypedDict):
    status: Literal["ok"]


class GetBackOfficeHealthResponse(TypedDict):
    status: Literal["ok"]
