#pragma once

#include <cstddef>
#include <cstdint>

#include "core/primitives/time.hpp"

/// Every bound of the peer protocol (docs/peers.md, Limits). Receiving more than one of the first
/// group is a fault of the sender's and ends the connection.
namespace cairn::net::limits {

inline constexpr std::size_t kInvItems = 50'000;
inline constexpr std::size_t kGetDataItems = 1'000;
inline constexpr std::size_t kHeaders = 2'000;
inline constexpr std::size_t kLocator = 101;
inline constexpr std::size_t kAddresses = 1'000;
inline constexpr std::size_t kPoolPage = 2'000;  // ids of a `poolinv`, whatever was asked for
inline constexpr std::size_t kUnconnecting = 8;  // headers messages whose parent is unknown
/// Of any message but a block: an `inv` that is full is the largest.
inline constexpr std::size_t kMessageBytes = 1 + 5 + kInvItems * 33;

/// Bodies asked of one peer: as many as make `kBytesInFlight`, by the size of those that came.
inline constexpr std::size_t kBlocksInFlight = 16, kSmallBlocksInFlight = 512;
inline constexpr std::size_t kBytesInFlight = 4 * 1024 * 1024;
inline constexpr std::size_t kCheckingBytes = 64 * 1024 * 1024;  // of bodies, until their verdict
inline constexpr std::size_t kUnaskedBodies = 16;   // blocks nobody asked a peer for, then closed
inline constexpr std::size_t kNotFoundBodies = 64;  // shown by a peer, but not there, then closed
inline constexpr std::size_t kWindow = 1'024;       // blocks ahead of the first that is missing
inline constexpr std::size_t kAnnouncedTransfers = 5'000;  // wanted from one peer
inline constexpr std::size_t kKnownItems = 20'000;         // remembered a peer
inline constexpr std::size_t kLowWorkHeaders =
    10'000'000;  // of a branch that has not shown enough work
/// Headers whose blocks were never here: of one branch that a peer tells, and in all.
inline constexpr std::size_t kBareOfBranch = 500'000, kBareHeaders = 1'000'000;
/// So many blocks behind its headers a branch waits before more of it is asked for.
inline constexpr std::size_t kHeadersAhead = 100'000;
inline constexpr Tick kStallMin = 2'000, kStallMax = 64'000;      // ms
inline constexpr Tick kHeadersWithin = 120'000;                   // ms
inline constexpr Tick kTransferWithin = 10'000;                   // ms, then another peer is asked
inline constexpr Tick kPingEvery = 30'000, kPongWithin = 60'000;  // ms

inline constexpr std::size_t kSendQueueBytes = 8 * 1024 * 1024;  // of one peer, then it is dropped
inline constexpr std::size_t kSendQueuePause = 1024 * 1024;      // beyond it nothing is read of it
inline constexpr std::size_t kInbound = 64;
inline constexpr std::size_t kInboundOfNetwork = 16;  // of one public network (/16, IPv6 /32)
inline constexpr std::size_t kInboundOfAddress = 8;   // of one public address
/// Connections from outside that have not become peers, or are about to end: of one source (an
/// IPv4 address, an IPv6 /64), and in all. Beyond it the oldest goes. They take no guest's place.
inline constexpr std::size_t kHalfOpenOfSource = 16, kHalfOpen = 64;
inline constexpr std::size_t kOutbound = 8;  // to learnt nodes; registered ones come on top
inline constexpr std::size_t kRegistered = 256;
inline constexpr std::size_t kLearnt = 1'024;
inline constexpr std::uint32_t kBanSeconds = 3'600;
inline constexpr std::size_t kBans = 1'024;       // of keys, and as many of IPs
inline constexpr std::size_t kHeard = 1'024;      // addresses told of and not dialled yet
inline constexpr std::size_t kAddrForwarded = 8;  // peers that are told of a new one
/// Thousandths of an address a second, and addresses at once; what is beyond is not looked at.
inline constexpr std::uint64_t kAddrRate = 100, kAddrBurst = 1'000;
inline constexpr Tick kDialMin = 1'000, kDialMax = 300'000;  // ms between tries, doubling
/// Of a registered or configured node, which may be reached from this side alone: so soon it is
/// found again after an outage of any length.
inline constexpr Tick kDialMaxKept = 20'000;

}  // namespace cairn::net::limits
