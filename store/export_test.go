package store

import (
	"context"
	"time"
)

// ChatroomOf and ReservationOf are what a selected match opens or reserves.
func ChatroomOf(m Match, started time.Time) *Chatroom { return m.chatroom(started) }

// ReservationOf is the reservation of a selected match.
func ReservationOf(m Match) *Reservation { return m.reservation() }

// Explain is explain.
func Explain(ctx context.Context, err error) error { return explain(ctx, err) }
