package store

import "context"

// Explain is explain.
func Explain(ctx context.Context, err error) error { return explain(ctx, err) }
