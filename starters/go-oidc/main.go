// Signs a person in at the portal and shows their documents.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// A session of one browser: what its sign-in has to check, then its tokens. Use a database, and seal what it stores.
type session struct {
	state, nonce, verifier string
	tokens                 oauth2.TokenSource
}

type application struct {
	issuer   string
	config   oauth2.Config
	verifier *oidc.IDTokenVerifier
	mutex    sync.Mutex
	sessions map[string]*session
}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "4000"
	}
	issuer := os.Getenv("ISSUER")
	provider, err := oidc.NewProvider(context.Background(), issuer)
	if err != nil {
		log.Fatal(err)
	}
	config := oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  "http://localhost:" + port + "/callback",
		Scopes:       []string{oidc.ScopeOpenID, oidc.ScopeOfflineAccess, "eprospera:person.id_verification.read"},
	}
	app := &application{
		issuer:   issuer,
		config:   config,
		verifier: provider.Verifier(&oidc.Config{ClientID: config.ClientID}),
		sessions: map[string]*session{},
	}
	http.HandleFunc("GET /{$}", app.documents)
	http.HandleFunc("GET /callback", app.callback)
	log.Println("listening on http://localhost:" + port)
	log.Fatal(http.ListenAndServe("localhost:"+port, nil))
}

func (app *application) find(r *http.Request) *session {
	cookie, err := r.Cookie("session")
	if err != nil {
		return nil
	}
	app.mutex.Lock()
	defer app.mutex.Unlock()
	return app.sessions[cookie.Value]
}

func (app *application) create(w http.ResponseWriter, created *session) {
	id := rand.Text()
	app.mutex.Lock()
	defer app.mutex.Unlock()
	app.sessions[id] = created
	http.SetCookie(w, &http.Cookie{Name: "session", Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func (app *application) documents(w http.ResponseWriter, r *http.Request) {
	current := app.find(r)
	if current == nil || current.tokens == nil {
		started := &session{state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier()}
		app.create(w, started)
		url := app.config.AuthCodeURL(started.state, oidc.Nonce(started.nonce), oauth2.S256ChallengeOption(started.verifier))
		http.Redirect(w, r, url, http.StatusFound)
		return
	}
	// The token source refreshes an expired token, once for all requests, and keeps the next refresh token.
	client := oauth2.NewClient(r.Context(), current.tokens)
	answer, err := client.Get(app.issuer + "/api/v1/me/natural-person/id-verification")
	if err != nil {
		http.Error(w, "The portal cannot be asked.", http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body)
}

func (app *application) callback(w http.ResponseWriter, r *http.Request) {
	started := app.find(r)
	if started == nil || started.tokens != nil {
		http.Error(w, "This browser did not start a sign-in.", http.StatusBadRequest)
		return
	}
	tokens, err := app.exchange(r, started)
	if err != nil {
		http.Error(w, fmt.Sprintf("The sign-in failed: %v", err), http.StatusBadRequest)
		return
	}
	// A new id for each sign-in. The source outlives this request.
	app.create(w, &session{tokens: app.config.TokenSource(context.Background(), tokens)})
	http.Redirect(w, r, "/", http.StatusFound)
}

func (app *application) exchange(r *http.Request, started *session) (*oauth2.Token, error) {
	query := r.URL.Query()
	if query.Get("state") != started.state {
		return nil, errors.New("the state is another sign-in's")
	}
	// RFC 9207
	if query.Get("iss") != app.issuer {
		return nil, errors.New("the answer is another issuer's")
	}
	if code := query.Get("error"); code != "" {
		return nil, errors.New(code)
	}
	tokens, err := app.config.Exchange(r.Context(), query.Get("code"), oauth2.VerifierOption(started.verifier))
	if err != nil {
		return nil, err
	}
	raw, _ := tokens.Extra("id_token").(string)
	idToken, err := app.verifier.Verify(r.Context(), raw)
	if err != nil {
		return nil, err
	}
	if idToken.Nonce != started.nonce {
		return nil, errors.New("the nonce is another sign-in's")
	}
	// at_hash
	return tokens, idToken.VerifyAccessToken(tokens.AccessToken)
}
