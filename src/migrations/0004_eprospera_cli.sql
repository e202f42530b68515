-- The real portal's public command-line client: device grant, no secret. It signs in here unchanged.
insert into client (id, name, metadata) values ('eprospera-cli', 'e-Próspera command line', '{
  "client_name": "e-Próspera command line",
  "redirect_uris": [],
  "scope": "openid profile email offline_access eprospera:person.details.read eprospera:person.residency.read eprospera:person.id_verification.read",
  "application_type": "native",
  "token_endpoint_auth_method": "none",
  "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
  "response_types": [],
  "pkce": "required"
}');
