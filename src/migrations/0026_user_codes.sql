-- User codes were stored in the clear. They live for ten minutes: a device that is being connected now starts again.
delete from oidc_artifact where kind = 'DeviceCode';

comment on column oidc_artifact.user_code is 'HMAC-SHA-256 of what a person types, under the shared key user-code';
