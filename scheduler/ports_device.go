package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// ChangeDevice changes a device and tells what else belongs into the transaction. It may be run
// more than once and does nothing but change the device. ErrSkip leaves the device as it is; any
// other error rolls everything back.
type ChangeDevice func(d *care.Device) (Effects, error)

// DevicePurpose is what a short-lived token of a device is for. The zero value is invalid.
type DevicePurpose string

// The purposes.
const (
	PasskeyMaking DevicePurpose = "passkey_making" // a new passkey answers it; bound to an admission
	PasskeyLogin  DevicePurpose = "passkey_login"  // a known passkey answers it; bound to an admission
	TabletNonce   DevicePurpose = "tablet_nonce"   // a tablet signs it; bound to the tablet
	TabletSession DevicePurpose = "tablet_session" // a tablet that has signed; bound to the tablet
)

// DeviceToken is something random that was handed out for a short time.
type DeviceToken struct {
	Hash    string // hex SHA-256
	Purpose DevicePurpose
	Bound   string // id of the device or admission that it was handed to
	Body    []byte // what its answer is checked with; stored encrypted
	Expires time.Time
}

// Devices stores known devices and tablets. Errors are *care.Error.
type Devices interface {
	// Device reads one device, ended or not. NotFound.
	Device(ctx context.Context, id care.DeviceID) (care.Device, error)
	// DevicesByToken finds the devices of a browser by the hashes of its cookie's tokens. Unknown
	// hashes are skipped.
	DevicesByToken(ctx context.Context, hashes []string) ([]care.Device, error)
	// DeviceBySelector finds a tablet that waits to be set up. NotFound.
	DeviceBySelector(ctx context.Context, selector string) (care.Device, error)
	// DevicesOf reads the devices of a citizen and of the citizen's contacts, the newest first.
	DevicesOf(ctx context.Context, citizen care.CitizenID) ([]care.Device, error)
	// LiveDevices reads the devices of a kind that have not ended, by unit, then age.
	LiveDevices(ctx context.Context, kind care.DeviceKind) ([]care.Device, error)
	// AddDevice stores a new device. Conflict: its token or selector exists.
	AddDevice(ctx context.Context, d care.Device, effects Effects) error
	// UpdateDevice loads, changes and stores one device in a transaction. When somebody else was
	// first it runs change again on the newer state. NotFound.
	UpdateDevice(ctx context.Context, id care.DeviceID, change ChangeDevice) error
	// UpdateDevicesOf does the same for every device of a citizen that has not ended, all or none.
	UpdateDevicesOf(ctx context.Context, citizen care.CitizenID, change ChangeDevice) error
	// KeepToken stores a token.
	KeepToken(ctx context.Context, t DeviceToken) error
	// Token reads a token that has not expired at now. NotFound.
	Token(ctx context.Context, hash string, p DevicePurpose, now time.Time) (DeviceToken, error)
	// TakeToken reads a token that has not expired at now and removes it, so that of several at
	// once one gets it. NotFound.
	TakeToken(ctx context.Context, hash string, p DevicePurpose, now time.Time) (DeviceToken, error)
	// ForgetTokens removes the tokens that are bound to something.
	ForgetTokens(ctx context.Context, bound string) error
	// PurgeDevices removes tokens that expired before now, and devices that ended before a time.
	PurgeDevices(ctx context.Context, now, ended time.Time) error
}

// Credentials checks what known devices prove themselves with. What a browser answers is foreign:
// whatever is wrong with it is Invalid. A device is named by its id, a random text.
type Credentials interface {
	// Stretch makes 32 bytes of a keyed input, slowly, so that a code of four digits can't be
	// found by trying.
	Stretch(input, salt []byte) []byte
	// MakesPasskeys reports whether browsers make passkeys for the municipality's address.
	MakesPasskeys() bool
	// OfferPasskey returns what a browser needs to make a passkey for a device, as JSON, and what
	// its answer is checked with.
	OfferPasskey(device []byte) (options, state []byte, err error)
	// TakePasskey checks such an answer and returns the passkey's record.
	TakePasskey(device, state, answer []byte) (record []byte, err error)
	// AskPasskey returns what a browser needs to use a passkey, and what its answer is checked with.
	AskPasskey(device, record []byte) (options, state []byte, err error)
	// CheckPasskey checks such an answer and returns the passkey's record as it is now; cloned says
	// that its counter did not grow, so that the passkey may exist twice.
	CheckPasskey(device, record, state, answer []byte) (updated []byte, cloned bool, err error)
}
