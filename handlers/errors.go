package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"willson/auth"
	"willson/life"
	"willson/store"
)

// The handlers' own errors.
var (
	errNoRoute      = errors.New("handlers: no such route")
	errMethod       = errors.New("handlers: method not allowed")
	errMediaType    = errors.New("handlers: a body of another media type than JSON")
	errTooLarge     = errors.New("handlers: a body that is too large")
	errSlowBody     = errors.New("handlers: a body that did not come in time")
	errInvalid      = errors.New("handlers: invalid request")
	errOutOfRange   = errors.New("handlers: a value out of range")
	errLoginFailed  = errors.New("handlers: a token that does not sign in")
	errKakao        = errors.New("handlers: a token of Kakao's own")
	errToSignUp     = errors.New("handlers: a user who has to sign up first")
	errNotSupported = errors.New("handlers: not supported")
	errBusy         = errors.New("handlers: too many requests in flight")
	errNotReady     = errors.New("handlers: not ready")
	errGone         = errors.New("handlers: the client went away")
)

// An invalidKey is errInvalid on account of one key of the body. The key is one of ours.
type invalidKey string

func (k invalidKey) Error() string        { return errInvalid.Error() + ": " + string(k) }
func (k invalidKey) Is(target error) bool { return target == errInvalid }

// An outOfRange is errOutOfRange of a number that the client is told again.
type outOfRange int64

func (n outOfRange) Error() string        { return fmt.Sprintf("%v: %d", errOutOfRange, int64(n)) }
func (n outOfRange) Is(target error) bool { return target == errOutOfRange }

// statusGone is logged, and never sent, for a client that did not wait (nginx's 499).
const statusGone = 499

// retryAfter is what a client is asked to wait, in seconds, when something cannot be reached.
const retryAfter = "1"

// An outcome is what the client is told of any of some errors.
type outcome struct {
	errs          []error
	status        int
	code, message string
}

// outcomes is the contract's table of errors. The first row that fits counts.
var outcomes = []outcome{
	{errs(errGone), statusGone, "", ""}, // first: whatever else went wrong, nobody waits for it

	{errs(errLoginFailed), http.StatusUnauthorized, "login_failed", "id or password is incorrect."},
	{errs(errKakao), http.StatusUnauthorized, "kakao_error", "Kakao users sign in through Firebase."},
	{errs(auth.ErrExpired), http.StatusUnauthorized, "access_token_expired", "Access token expired"},
	{errs(auth.ErrMissing), http.StatusUnauthorized, "token_not_found", "Token not found"},
	{errs(auth.ErrInvalid), http.StatusUnauthorized, "access_token_invalid", "Access token invalid"},

	{errs(errNoRoute), http.StatusNotFound, "route_not_found", "Route not found"},
	{errs(errMethod), http.StatusMethodNotAllowed, "method_not_allowed", "Method not allowed"},
	{errs(errMediaType), http.StatusUnsupportedMediaType, "unsupported_media_type", "Unsupported media type"},
	{errs(errTooLarge), http.StatusRequestEntityTooLarge, "request_too_large", "Request too large"},
	{errs(errInvalid, life.ErrOutsideWindows, life.ErrUnknownKeyword), http.StatusBadRequest, "invalid_request", "Invalid request"},
	{errs(errOutOfRange), http.StatusBadRequest, "out_of_range:%d", "The value '%d' is out of range."},
	{errs(errToSignUp), http.StatusBadRequest, "user_not_found", "User not found."}, // the one status that the app reads
	{errs(errNotSupported), http.StatusNotImplemented, "not_supported", "Not supported."},

	{errs(store.ErrNotFound), http.StatusNotFound, "not_found", "Result not found"},
	{errs(store.ErrAlreadyMatched), http.StatusConflict, "already_matched", "Already matched."},
	{errs(store.ErrTooEarly), http.StatusConflict, "too_early", "Too early."},
	{errs(store.ErrReviewExists), http.StatusConflict, "review_already_exists", "Review already exist."},

	{errs(life.ErrUserNotFound), http.StatusNotFound, "user_not_found", "User not found."},
	{errs(life.ErrConcernInProcess), http.StatusConflict, "concern_in_process", "Concern is in process"},
	{errs(life.ErrAmountNotEnough), http.StatusConflict, "amount_not_enough", "Amount not enough."},
	{errs(life.ErrWillsonerNotFound), http.StatusNotFound, "willsoner_not_found", "Willsoner not found."},
	{errs(life.ErrTimeOut), http.StatusNotFound, "time_out", "Time out."},
	{errs(life.ErrAlreadyRegistered), http.StatusConflict, "already_registered_willsoner", "Already registered willsoner."},
	{errs(life.ErrCodeNotFound), http.StatusNotFound, "code_not_found", "Code is not found."},

	{errs(errBusy, errNotReady, auth.ErrUnavailable, store.ErrUnavailable), http.StatusServiceUnavailable, "service_unavailable", "Service unavailable"},
	{errs(context.DeadlineExceeded, errSlowBody), http.StatusGatewayTimeout, "deadline_exceeded", "Deadline exceeded"},
}

func errs(all ...error) []error { return all }

// outcomeOf maps every error to its answer.
func outcomeOf(err error) outcome {
	for _, out := range outcomes {
		if !slices.ContainsFunc(out.errs, func(target error) bool { return errors.Is(err, target) }) {
			continue
		}
		if value, ok := errors.AsType[outOfRange](err); ok {
			out.code, out.message = fmt.Sprintf(out.code, value), fmt.Sprintf(out.message, value)
		}
		return out
	}
	return outcome{status: http.StatusInternalServerError, code: "internal_error", message: "Internal error"}
}

// fieldOf names the key of the body that is to blame, "" if none is.
func fieldOf(err error) string {
	key, _ := errors.AsType[invalidKey](err)
	return string(key)
}
