# Made by `npm run client` from the OpenAPI document of the portal. Do not edit.
from __future__ import annotations

from typing import (
    Any,
    Literal,
    cast,
)

from .request import ApiRequests, quoted
from .schema import (
    AgeOver,
    Alert,
    AlertResolution,
    ErasureAnswer,
    GetBackOfficeHealthResponse,
    GetHealthResponse,
    IdVerification,
    ImageLink,
    ImageTypes,
    Link,
    LinkRequest,
    LinkedImageTypes,
    ListAlertsResponse,
    ListDocumentTypesResponse,
    ListSubjectsResponse,
    ListVendorsResponse,
    ListVerificationsResponse,
    MosaicAddedImage,
    MosaicCreateSession,
    MosaicCreatedSession,
    MosaicFeedback,
    MosaicImages,
    MosaicResult,
    NaturalPerson,
    OwnListImagesResponse,
    Poll,
    PollEventsResponse,
    Residency,
    Result,
    Review,
    StartVerification,
    StartedVerification,
    Subject,
    TenantListImagesResponse,
    TypedDocument,
    Upload,
    UploadedImage,
    Verification,
    VerificationStatus,
)


class Api(ApiRequests):
    """The portal's API: a method for each operation. Each raises `ApiError` for an answer that is not a success."""

    def get_id_verification(self) -> IdVerification:
        """The latest approved identity verification."""
        return cast("IdVerification", self._request("GET", "/api/v1/me/natural-person/id-verification"))

    def get_id_verification_signed(self) -> str:
        """The latest approved identity verification, as a JWT that the portal signed."""
        return cast("str", self._request("GET", "/api/v1/me/natural-person/id-verification", accept="application/jwt"))

    def own_list_images(self) -> OwnListImagesResponse:
        """List the images of the resident's latest approved verification."""
        return cast("OwnListImagesResponse", self._request("GET", "/api/v1/me/natural-person/id-verification/images"))

    def own_get_image_link(self, type: str, *, expires_in: int | None = None) -> ImageLink:
        """A link to one image, with a life of your choice."""
        return cast("ImageLink", self._request("GET", f"/api/v1/me/natural-person/id-verification/images/{quoted(type)}", query={"expiresIn": expires_in}))

    def own_get_image_content(self, id: str) -> bytes:
        """The bytes of one image, as the vendor had them."""
        return cast("bytes", self._request("GET", f"/api/v1/me/natural-person/id-verification/images/{quoted(id)}/content"))

    def own_create_image_links(self, body: LinkedImageTypes) -> dict[str, str | dict[str, str]]:
        """Links to several images, with the earlier attempts of each."""
        return cast("dict[str, str | dict[str, str]]", self._request("POST", "/api/v1/me/natural-person/id-verification/images/links", body=body))

    def own_read_images(self, body: ImageTypes) -> dict[str, str]:
        """Several images inside the answer."""
        return cast("dict[str, str]", self._request("POST", "/api/v1/me/natural-person/id-verification/images/base64", body=body))

    def get_verification_status(self) -> VerificationStatus:
        """Whether the resident was verified, and no more."""
        return cast("VerificationStatus", self._request("GET", "/api/v1/me/natural-person/id-verification/status"))

    def get_age_over(self, *, age: Literal["13", "14", "15", "16", "18", "20", "21", "25", "60", "65", "67"] | None = None) -> AgeOver:
        """Whether the resident has reached an age, and not which."""
        return cast("AgeOver", self._request("GET", "/api/v1/me/natural-person/age-over", query={"age": age}))

    def get_natural_person(self) -> NaturalPerson | None:
        """Who the resident is."""
        return cast("NaturalPerson | None", self._request("GET", "/api/v1/me/natural-person"))

    def get_residency(self) -> Residency:
        """Whether, and of which kind, the person is a resident."""
        return cast("Residency", self._request("GET", "/api/v1/me/natural-person/residency"))

    def start_verification(self, body: StartVerification, *, tenant_id: str | None = None) -> StartedVerification:
        """Start a session for a subject of yours, at a vendor or for review by yourselves."""
        return cast("StartedVerification", self._request("POST", "/api/v1/idv/verifications", headers={"X-Tenant-ID": tenant_id}, body=body))

    def get_verification(self, id: str, *, tenant_id: str | None = None) -> Verification:
        """One verification of your tenant."""
        return cast("Verification", self._request("GET", f"/api/v1/idv/verifications/{quoted(id)}", headers={"X-Tenant-ID": tenant_id}))

    def delete_verification(self, id: str, *, tenant_id: str | None = None) -> None:
        """Erase one, with its data and images, at the vendor too."""
        self._request("DELETE", f"/api/v1/idv/verifications/{quoted(id)}", headers={"X-Tenant-ID": tenant_id})

    def upload_document(self, id: str, body: Upload | bytes, *, tenant_id: str | None = None, content_type: str = "image/jpeg") -> UploadedImage:
        """Upload the document's front, for a verification of `manual`."""
        return cast("UploadedImage", self._request("POST", f"/api/v1/idv/verifications/{quoted(id)}/document", headers={"X-Tenant-ID": tenant_id}, body=body, content_type=content_type))

    def upload_document_back(self, id: str, body: Upload | bytes, *, tenant_id: str | None = None, content_type: str = "image/jpeg") -> UploadedImage:
        """Upload the document's back, for a verification of `manual`."""
        return cast("UploadedImage", self._request("POST", f"/api/v1/idv/verifications/{quoted(id)}/document/back", headers={"X-Tenant-ID": tenant_id}, body=body, content_type=content_type))

    def upload_selfie(self, id: str, body: Upload | bytes, *, tenant_id: str | None = None, content_type: str = "image/jpeg") -> UploadedImage:
        """Upload the person's face, for a verification of `manual`."""
        return cast("UploadedImage", self._request("POST", f"/api/v1/idv/verifications/{quoted(id)}/selfie", headers={"X-Tenant-ID": tenant_id}, body=body, content_type=content_type))

    def complete_verification(self, id: str, body: TypedDocument | None = None, *, tenant_id: str | None = None) -> Verification:
        """Close the uploads of a verification of `manual`; it then waits for review."""
        return cast("Verification", self._request("POST", f"/api/v1/idv/verifications/{quoted(id)}/complete", headers={"X-Tenant-ID": tenant_id}, body=body))

    def get_result(self, id: str, *, tenant_id: str | None = None) -> Result:
        """What came of it."""
        return cast("Result", self._request("GET", f"/api/v1/idv/verifications/{quoted(id)}/result", headers={"X-Tenant-ID": tenant_id}))

    def review_verification(self, id: str, body: Review, *, tenant_id: str | None = None) -> Verification:
        """Decide what the vendor has finished."""
        return cast("Verification", self._request("POST", f"/api/v1/idv/verifications/{quoted(id)}/review", headers={"X-Tenant-ID": tenant_id}, body=body))

    def list_verifications(self, subject_id: str, *, tenant_id: str | None = None) -> ListVerificationsResponse:
        """The verifications of a subject, newest first."""
        return cast("ListVerificationsResponse", self._request("GET", f"/api/v1/idv/subjects/{quoted(subject_id)}/verifications", headers={"X-Tenant-ID": tenant_id}))

    def list_subjects(self, *, external_id: str | None = None, tenant_id: str | None = None) -> ListSubjectsResponse:
        """Your subjects, the newest 500 first, or the one of your own id."""
        return cast("ListSubjectsResponse", self._request("GET", "/api/v1/idv/subjects", query={"externalId": external_id}, headers={"X-Tenant-ID": tenant_id}))

    def get_subject(self, subject_id: str, *, tenant_id: str | None = None) -> Subject:
        """One subject of your tenant."""
        return cast("Subject", self._request("GET", f"/api/v1/idv/subjects/{quoted(subject_id)}", headers={"X-Tenant-ID": tenant_id}))

    def delete_subject(self, subject_id: str, *, tenant_id: str | None = None) -> None:
        """Erase a subject with every verification, at the vendors too."""
        self._request("DELETE", f"/api/v1/idv/subjects/{quoted(subject_id)}", headers={"X-Tenant-ID": tenant_id})

    def link_subject(self, subject_id: str, body: LinkRequest, *, tenant_id: str | None = None) -> Link:
        """Get a link by which a resident links this subject to the own account."""
        return cast("Link", self._request("POST", f"/api/v1/idv/subjects/{quoted(subject_id)}/link", headers={"X-Tenant-ID": tenant_id}, body=body))

    def list_alerts(self, *, status: Literal["open", "resolved"] | None = None, tenant_id: str | None = None) -> ListAlertsResponse:
        """What the portal noticed about your subjects and integrations, the newest 500 first."""
        return cast("ListAlertsResponse", self._request("GET", "/api/v1/idv/alerts", query={"status": status}, headers={"X-Tenant-ID": tenant_id}))

    def resolve_alert(self, id: str, body: AlertResolution, *, tenant_id: str | None = None) -> Alert:
        """Resolve an alert."""
        return cast("Alert", self._request("POST", f"/api/v1/idv/alerts/{quoted(id)}/resolve", headers={"X-Tenant-ID": tenant_id}, body=body))

    def list_vendors(self, *, tenant_id: str | None = None) -> ListVendorsResponse:
        """Your integrations, and how their deliveries and images are doing."""
        return cast("ListVendorsResponse", self._request("GET", "/api/v1/idv/vendors", headers={"X-Tenant-ID": tenant_id}))

    def list_document_types(self, *, tenant_id: str | None = None) -> ListDocumentTypesResponse:
        """The kinds of documents there are."""
        return cast("ListDocumentTypesResponse", self._request("GET", "/api/v1/idv/document-types", headers={"X-Tenant-ID": tenant_id}))

    def tenant_list_images(self, verification_id: str, *, tenant_id: str | None = None) -> TenantListImagesResponse:
        """List the images of a verification of your tenant."""
        return cast("TenantListImagesResponse", self._request("GET", f"/api/v1/idv/verifications/{quoted(verification_id)}/images", headers={"X-Tenant-ID": tenant_id}))

    def tenant_get_image_link(self, verification_id: str, type: str, *, expires_in: int | None = None, tenant_id: str | None = None) -> ImageLink:
        """A link to one image, with a life of your choice."""
        return cast("ImageLink", self._request("GET", f"/api/v1/idv/verifications/{quoted(verification_id)}/images/{quoted(type)}", query={"expiresIn": expires_in}, headers={"X-Tenant-ID": tenant_id}))

    def tenant_get_image_content(self, verification_id: str, id: str, *, tenant_id: str | None = None) -> bytes:
        """The bytes of one image, as the vendor had them."""
        return cast("bytes", self._request("GET", f"/api/v1/idv/verifications/{quoted(verification_id)}/images/{quoted(id)}/content", headers={"X-Tenant-ID": tenant_id}))

    def tenant_create_image_links(self, verification_id: str, body: LinkedImageTypes, *, tenant_id: str | None = None) -> dict[str, str | dict[str, str]]:
        """Links to several images, with the earlier attempts of each."""
        return cast("dict[str, str | dict[str, str]]", self._request("POST", f"/api/v1/idv/verifications/{quoted(verification_id)}/images/links", headers={"X-Tenant-ID": tenant_id}, body=body))

    def tenant_read_images(self, verification_id: str, body: ImageTypes, *, tenant_id: str | None = None) -> dict[str, str]:
        """Several images inside the answer."""
        return cast("dict[str, str]", self._request("POST", f"/api/v1/idv/verifications/{quoted(verification_id)}/images/base64", headers={"X-Tenant-ID": tenant_id}, body=body))

    def mosaic_create_session(self, body: MosaicCreateSession, *, tenant_id: str | None = None) -> MosaicCreatedSession:
        """Start a session, as Mosaic's API does."""
        return cast("MosaicCreatedSession", self._request("POST", "/api/v1/verification", headers={"X-Tenant-ID": tenant_id}, body=body))

    def mosaic_get_result(self, sid: str, *, detailed: Literal["true", "false"] | None = None, tenant_id: str | None = None) -> MosaicResult:
        """What came of a session, as Mosaic's API answers it."""
        return cast("MosaicResult", self._request("GET", f"/api/v1/verification/{quoted(sid)}/result", query={"detailed": detailed}, headers={"X-Tenant-ID": tenant_id}))

    def mosaic_delete_session(self, sid: str, *, tenant_id: str | None = None) -> dict[str, Any]:
        """Erase a session with its data and images, as Mosaic's API does."""
        return cast("dict[str, Any]", self._request("DELETE", f"/api/v1/verification/{quoted(sid)}", headers={"X-Tenant-ID": tenant_id}))

    def mosaic_list_images(self, sid: str, *, tenant_id: str | None = None) -> MosaicImages:
        """The images of a session, as Mosaic's API lists them."""
        return cast("MosaicImages", self._request("GET", f"/api/v1/verification/{quoted(sid)}/images", headers={"X-Tenant-ID": tenant_id}))

    def mosaic_add_image(self, sid: str, body: MosaicAddedImage, *, tenant_id: str | None = None) -> MosaicFeedback:
        """Add an image to a session of `manual`, as Mosaic's API does."""
        return cast("MosaicFeedback", self._request("POST", f"/api/v1/verification/{quoted(sid)}/images", headers={"X-Tenant-ID": tenant_id}, body=body))

    def mosaic_get_image(self, sid: str, id: str, *, format: Literal["raw"] | None = None, tenant_id: str | None = None) -> bytes:
        """One image of a session."""
        return cast("bytes", self._request("GET", f"/api/v1/verification/{quoted(sid)}/images/{quoted(id)}", query={"format": format}, headers={"X-Tenant-ID": tenant_id}))

    def poll_events(self, body: Poll) -> PollEventsResponse:
        """Fetch events as Security Event Tokens, and acknowledge those that came before."""
        return cast("PollEventsResponse", self._request("POST", "/api/v1/events/poll", body=body))

    def answer_erasure(self, id: str, body: ErasureAnswer) -> None:
        """Say what became of your copies after an erasure."""
        self._request("POST", f"/api/v1/events/{quoted(id)}/answer", body=body)

    def get_health(self) -> GetHealthResponse:
        """Whether the server runs."""
        return cast("GetHealthResponse", self._request("GET", "/health"))

    def get_back_office_health(self) -> GetBackOfficeHealthResponse:
        """Whether the server runs, under the base path of a back office."""
        return cast("GetBackOfficeHealthResponse", self._request("GET", "/api/v1/idv/health"))
