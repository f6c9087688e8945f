package handlers

import (
	"context"

	"willson/life"
	"willson/reference"
)

// subcategories serves POST /api/v1/asker/request/subcategory and POST
// /api/v1/willsoner/register/subcategory.
func (s *server) subcategories(_ context.Context, r request) (any, error) {
	idx := r.body.atLeast(0, "category_idx")
	if r.body.err != nil {
		return nil, r.body.err
	}
	all, ok := s.Reference.SubcategoriesOf(idx)
	if !ok {
		return nil, life.ErrNotFound
	}
	return namesOf(all), nil
}

func namesOf(all []reference.Subcategory) []reference.Named {
	names := make([]reference.Named, len(all))
	for i, s := range all {
		names[i] = s.Named
	}
	return names
}

// feelings serves GET /api/v1/asker/request/feeling.
func (s *server) feelings(context.Context, request) (any, error) { return s.Reference.Feelings, nil }

// personalities serves GET /api/v1/asker/request/willsoner_type.
func (s *server) personalities(context.Context, request) (any, error) {
	return s.Reference.Personalities, nil
}

// directions serves GET /api/v1/asker/request/direction.
func (s *server) directions(context.Context, request) (any, error) {
	return s.Reference.Directions, nil
}

// willsonerImages serves GET /api/v1/willsoner/register/image.
func (s *server) willsonerImages(context.Context, request) (any, error) {
	return s.Reference.WillsonerImages, nil
}

// A homePage is the home page. The app decodes it without an envelope: its keys stand beside
// code and message. What the first team's editors wrote is not kept here.
type homePage struct {
	Code          string              `json:"code"`
	Message       string              `json:"message"`
	Landings      []reference.Landing `json:"landings"`
	Subcategories []reference.Named   `json:"subcategories"`
	Reviews       rowsOf[struct{}]    `json:"reviews"`
	Interviews    []struct{}          `json:"interviews"`
	Stories       []struct{}          `json:"stories"`
}

// A rowsOf is a list with the number of its rows.
type rowsOf[T any] struct {
	Count int `json:"count"`
	Rows  []T `json:"rows"`
}

// newRows is a list of rows, [] without any.
func newRows[T any](rows []T) rowsOf[T] {
	if rows == nil {
		rows = []T{}
	}
	return rowsOf[T]{len(rows), rows}
}

// home serves GET /api/v1/asker/main.
func (s *server) home(context.Context, request) (any, error) {
	return whole{homePage{
		Code:          "success",
		Message:       "success",
		Landings:      s.Reference.Landings,
		Subcategories: namesOf(s.Reference.Subcategories),
		Reviews:       newRows[struct{}](nil),
		Interviews:    []struct{}{},
		Stories:       []struct{}{},
	}}, nil
}

// homeWillsoners serves GET /api/v1/asker/main/willsoners/{category_idx}.
func (s *server) homeWillsoners(ctx context.Context, r request) (any, error) {
	best, err := s.Store.Willsoners(ctx, r.categoryIdx)
	if err != nil {
		return nil, err
	}
	return newWillsoners(best), nil
}
