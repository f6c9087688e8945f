package handlers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"willson/life"
)

// A Route is one request that the server answers. HEAD is answered wherever GET is.
type Route struct {
	Method, Path string
	// Party is the role in which the token's user asks; "" when no token is wanted.
	Party life.Party
	// Body tells that the request brings a JSON object. The body of another is ignored.
	Body bool
	// DataInErrors tells that errors carry "data":{}. The app crashes on an answer to
	// these requests that it cannot decode.
	DataInErrors bool
	// Credential tells that the answer holds one, which no cache may keep.
	Credential bool

	handle handler
}

func get(path string, party life.Party, handle handler) Route {
	return Route{Method: http.MethodGet, Path: path, Party: party, handle: handle}
}

func patch(path string, party life.Party, handle handler) Route {
	return Route{Method: http.MethodPatch, Path: path, Party: party, handle: handle}
}

func post(path string, party life.Party, handle handler) Route {
	return Route{Method: http.MethodPost, Path: path, Party: party, Body: true, handle: handle}
}

func (r Route) withBody() Route         { r.Body = true; return r }
func (r Route) withDataInErrors() Route { r.DataInErrors = true; return r }
func (r Route) withCredential() Route   { r.Credential = true; return r }

// routes is the table of all requests but the console's. Their order means nothing. A
// path holds at most one number, of those that request.number knows.
func (s *server) routes() []Route {
	const asker, willsoner, public = life.Asker, life.Willsoner, life.Party("")
	return []Route{
		// The process
		get("/health", public, s.health),
		get("/healthz", public, s.health), // Cloud Run's front end keeps paths that end in z for itself
		get("/ready", public, s.ready),
		get("/readyz", public, s.ready),

		// Signing in
		post("/api/v1/asker/sign/signup", public, s.signUp).withCredential(),
		post("/api/v1/asker/sign/signin", public, s.signIn).withCredential(),

		// The home page and the app's fixed data
		get("/api/v1/asker/main", asker, s.home),
		get("/api/v1/asker/main/willsoners/{category_idx}", asker, s.homeWillsoners),
		post("/api/v1/asker/request/subcategory", asker, s.subcategories),
		post("/api/v1/willsoner/register/subcategory", willsoner, s.subcategories),
		get("/api/v1/asker/request/feeling", asker, s.feelings),
		get("/api/v1/asker/request/willsoner_type", asker, s.personalities),
		get("/api/v1/asker/request/direction", asker, s.directions),
		get("/api/v1/willsoner/register/image", willsoner, s.willsonerImages),

		// A concern, and paying for it
		post("/api/v1/asker/request/complete", asker, s.writeConcern),
		post("/api/v2/asker/request/complete", asker, s.writeConcernV2),
		get("/api/v1/asker/payment/{concern_idx}", asker, s.estimateConcern),
		post("/api/v1/asker/payment/progress", asker, s.estimateAgain),
		post("/api/v1/asker/payment/purchase", asker, s.purchase),
		post("/api/v1/asker/payment/{concern_idx}", asker, s.payConcern),
		post("/api/v1/asker/payment/complete", asker, s.payAgain),

		// What a willsoner is sent, and offers
		post("/api/v1/willsoner/list/realtime/matches", willsoner, s.incomingRealtime).withDataInErrors(),
		post("/api/v1/willsoner/list/reserve/matches", willsoner, s.incomingReserve).withDataInErrors(),
		get("/api/v1/willsoner/list/realtime/matches/{match_idx}", willsoner, s.realtimeMatch),
		get("/api/v1/willsoner/list/reserve/matches/{match_idx}", willsoner, s.reserveMatch),
		patch("/api/v1/willsoner/list/realtime/matches/{match_idx}/select", willsoner, s.offerRealtime),
		patch("/api/v1/willsoner/list/reserve/matches/{match_idx}/select", willsoner, s.offerReserve).withBody(),

		// What an asker may choose from
		get("/api/v1/asker/list/concerns", asker, s.concerns),
		get("/api/v1/asker/list/concerns/realtime/{concern_idx}", asker, s.realtimeOffers),
		get("/api/v1/asker/list/concerns/reserve/{concern_idx}", asker, s.reserveOffers),
		get("/api/v1/asker/list/matches/realtime/{match_idx}", asker, s.realtimeOffer),
		get("/api/v1/willsoner/list/concern/matches/reserve/{match_idx}", asker, s.reserveOffer), // the asker's, in spite of its path
		get("/api/v2/asker/list/matches/{willsoner_idx}", asker, s.willsonerReviews),

		// A session
		get("/api/v1/asker/chat/chatrooms", asker, s.chatrooms),
		get("/api/v1/willsoner/chat/chatrooms", willsoner, s.chatrooms),
		patch("/api/v1/asker/list/matches/{match_idx}/select", asker, s.selectMatch),
		patch("/api/v1/asker/chat/join/{match_idx}", asker, s.join),
		patch("/api/v1/willsoner/chat/join/{match_idx}", willsoner, s.join),
		patch("/api/v1/asker/chat/complete/{match_idx}", asker, s.complete),
		get("/api/v1/asker/chat/review/image", asker, s.reviewImages),
		post("/api/v1/asker/chat/review", asker, s.review),
		post("/api/v2/asker/chat/review", asker, s.review),
		post("/api/v1/asker/chat/review/complete", asker, s.reviewComplete),
		post("/api/v1/asker/chat/report/{match_idx}", asker, s.report),

		// Becoming a willsoner
		post("/api/v1/willsoner/register/keyword", willsoner, s.keepKeywords),
		post("/api/v1/willsoner/register/complete", willsoner, s.register),
		patch("/api/v1/willsoner/register/invitation", willsoner, s.invite).withBody(),
		post("/api/v1/willsoner/register/phone/verify", willsoner, s.notSupported),
		post("/api/v1/willsoner/register/phone/check", willsoner, s.notSupported),
		post("/api/v1/willsoner/register/email/verify", willsoner, s.notSupported),
		post("/api/v1/willsoner/register/email/check", willsoner, s.notSupported),

		// My page
		get("/api/v1/asker/mypage/home", asker, s.askersPage),
		get("/api/v1/willsoner/mypage/home", willsoner, s.willsonersPage),
		get("/api/v2/willsoner/mypage/home", willsoner, s.willsonersPage),
		get("/api/v1/asker/mypage/offer/transaction", asker, s.ledger),
	}
}

// Routes lists all routes but the console's, for tests that go through all of them.
func Routes() []Route { return (*server)(nil).routes() }

// A Store keeps everything that the requests are about: each group of them wants its own.
// Its errors are those of packages life and store; life.ErrNotFound stands for everything
// that the caller may not know. A change is made whole or not at all.
type Store interface {
	SessionStore
	FeedbackStore
	AccountStore
	ConcernStore
	PaymentStore
	OfferStore
	ChoiceStore
	WillsonerStore
	PageStore
	// Ready reports why the store could not answer now, if so.
	Ready(ctx context.Context) error
}

// A handler answers a request with its data, nil for none, or with an error.
type handler func(ctx context.Context, r request) (data any, err error)

// A request is what a handler is given of it.
type request struct {
	caller life.Caller // without a uid where no token is wanted
	// The number in the path, 0 where it has none of that name. categoryIdx may be 0: all.
	matchIdx, concernIdx, willsonerIdx, categoryIdx int64

	body *object // nil where the route takes none
	rec  *record
}

// noteMatch and noteConcern put a number into the request's log line. That of the path
// is there already.
func (r request) noteMatch(idx int64)   { r.rec.matchIdx = idx }
func (r request) noteConcern(idx int64) { r.rec.concernIdx = idx }

// number takes the number that stands in the path under this name, as it came over the
// wire. There is no match 0, +7 or 007.
func (r *request) number(name, encoded string) error {
	digits, err := url.PathUnescape(encoded)
	if err != nil || strings.Trim(digits, "0123456789") != "" || len(digits) > 1 && digits[0] == '0' {
		return life.ErrNotFound
	}
	idx, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || idx == 0 && name != "category_idx" {
		return life.ErrNotFound
	}
	switch name {
	case "match_idx":
		r.matchIdx = idx
		r.noteMatch(idx)
	case "concern_idx":
		r.concernIdx = idx
		r.noteConcern(idx)
	case "willsoner_idx":
		r.willsonerIdx = idx
	case "category_idx":
		r.categoryIdx = idx
	default:
		return fmt.Errorf("handlers: a path with a number of the unknown name %s", name)
	}
	return nil
}

// A path is the routes that share one, by method.
type path struct {
	template     string
	routes       map[string]Route
	dataInErrors bool
}

// byTemplate groups routes by their path.
func byTemplate(routes []Route) map[string]*path {
	paths := map[string]*path{}
	for _, route := range routes {
		p := paths[route.Path]
		if p == nil {
			p = &path{template: route.Path, routes: map[string]Route{}}
			paths[route.Path] = p
		}
		p.routes[route.Method] = route
		p.dataInErrors = p.dataInErrors || route.DataInErrors
	}
	return paths
}

// allow is the header of an answer to any other method.
func (p *path) allow() string {
	methods := slices.Collect(maps.Keys(p.routes))
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	return strings.Join(slices.Sorted(slices.Values(methods)), ", ")
}

// newRouter returns a router that tells which template a path fits, as its route's name.
// It takes the first that fits: they are sorted, so that a word comes before a number,
// whose brace sorts after every letter.
func newRouter(templates []string) *mux.Router {
	// Paths are taken as they come: cleaning one would be a redirect, sent before anyone
	// is asked for a token.
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	for _, template := range slices.Sorted(slices.Values(templates)) {
		router.Path(template).Name(template)
	}
	return router
}

// health serves GET /health: the process lives.
func (s *server) health(context.Context, request) (any, error) { return nil, nil }

// ready serves GET /ready: tokens can be verified and Firestore answers.
func (s *server) ready(ctx context.Context, _ request) (any, error) {
	if err := errors.Join(s.Verifier.Ready(), s.Store.Ready(ctx)); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotReady, err)
	}
	return nil, nil
}
