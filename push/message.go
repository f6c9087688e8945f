package push

import (
	"strconv"
	"time"

	"firebase.google.com/go/v4/messaging"
)

// texts are what a phone shows: on a locked screen, where others read it too. So they are
// the same for everybody, and say nothing of the concern and of nobody.
var texts = map[Kind]messaging.Notification{
	Requested: {Title: "새로운 요청이 도착했어요", Body: "지금 확인하고 상담을 걸어보세요."},
	Offered:   {Title: "상담 제안이 도착했어요", Body: "제안을 확인하고 윌스너를 선택해 주세요."},
	Selected:  {Title: "상담이 성사됐어요", Body: "선택받은 상담을 확인해 주세요."},
	Joined:    {Title: "상대방이 입장했어요", Body: "채팅방에서 기다리고 있어요."},
	Reviewed:  {Title: "새로운 후기가 도착했어요", Body: "마이페이지에서 확인해 보세요."},
}

// maxLife is how long FCM keeps a message for a phone that is off.
const maxLife = 28 * 24 * time.Hour

// message is a notice at now for one phone. Two of a kind for one concern show as one.
func message(n *Notice, token string, now time.Time) *messaging.Message {
	text := texts[n.Kind]
	left := min(n.Until.Sub(now), maxLife).Truncate(time.Second)
	key := string(n.Kind) + "-" + strconv.FormatInt(n.ConcernIdx, 10) // at most 29 of APNs' 64 bytes
	priority, apnsPriority := "normal", "5"
	if n.Urgent {
		priority, apnsPriority = "high", "10"
	}
	data := map[string]string{"kind": string(n.Kind)}
	if n.MatchIdx != 0 {
		data["match_idx"] = strconv.FormatInt(n.MatchIdx, 10)
	} else {
		data["concern_idx"] = strconv.FormatInt(n.ConcernIdx, 10)
	}
	return &messaging.Message{
		Token:        token,
		Notification: &text,
		Data:         data,
		Android: &messaging.AndroidConfig{
			CollapseKey:  key, // of messages that wait for the phone
			Priority:     priority,
			TTL:          &left,
			Notification: &messaging.AndroidNotification{Tag: key}, // of those that it shows
		},
		APNS: &messaging.APNSConfig{
			Headers: map[string]string{
				"apns-collapse-id": key,
				"apns-expiration":  strconv.FormatInt(now.Add(left).Unix(), 10),
				"apns-priority":    apnsPriority,
			},
			Payload: &messaging.APNSPayload{Aps: &messaging.Aps{Sound: "default"}},
		},
	}
}
