#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/primitives/time.hpp"
#include "net/actions.hpp"

namespace cairn::net {

inline constexpr std::size_t kAgentMax = 64;      // bytes, printable ASCII
inline constexpr Tick kHandshakeWithin = 10'000;  // ms, from the socket's opening
inline constexpr std::size_t kHandshakeFrameMax = 1 + 4 + 3 * 32 + 2 + 32 + 8 + 32 + 1 + kAgentMax;

using HandshakeNonce = std::array<std::uint8_t, 32>;
/// What ties a handshake to its TLS connection (RFC 9266); zero without TLS.
using ChannelBinding = std::array<std::uint8_t, 32>;
/// BIP340 under the node's own key, of a 32-byte message.
using HandshakeSigner = std::function<Signature(ByteView)>;

/// What a node tells of itself.
struct Introduction {
    BlockHash genesis;
    NodeKey key;
    std::uint16_t listens_on = 0;
    BlockHash tip;
    Height height = 0;
    ChainWork work;
    std::string agent;
};

/// What each side signs: tagged hash `cairn/handshake` of role, genesis, both keys, both nonces and
/// the channel binding. The role keeps a signature from being sent back to who made it, the nonces
/// keep one from being used twice.
struct HandshakeTranscript {
    BlockHash genesis;
    NodeKey dialler, listener;
    HandshakeNonce dialler_nonce{}, listener_nonce{};
    ChannelBinding binding{};

    [[nodiscard]] Hash256 message(bool by_dialler) const;
};

/// `version` and `verack` of one connection, whichever side dialled: each sends its `version` at
/// once, answers the other's with `verack`, and is done when the other's `verack` is right. Only
/// these two messages, in this order, may come before. Pure; nonce, signer and time are handed in.
/// Every fault ends the connection.
class Handshake {
public:
    struct Ours {
        Introduction self;
        std::uint32_t protocol = kProtocolNewest;  // as the upgrade to a WebSocket agreed on
        HandshakeNonce nonce{};                    // fresh for each connection
        HandshakeSigner sign;
        ChannelBinding binding{};
    };
    /// `address`: of the other side, as `Hello` has it.
    Handshake(Ours ours, bool outbound, NodeAddress address, Tick now);

    /// Our `version`: the first frame to be sent.
    [[nodiscard]] Bytes opening() const;

    struct Fault {
        std::string why;  // a sentence about the other side
        DialFault kind = DialFault::unreachable;
    };
    struct Step {
        std::optional<Bytes> answer;  // to be sent
        std::optional<Hello> done;    // the other side has proven its key
    };
    /// Errors: another protocol version, another chain, this node itself, a wrong signature,
    /// anything out of order or out of form, too late.
    [[nodiscard]] Result<Step, Fault> on_frame(ByteView frame, Tick now);
    [[nodiscard]] bool late(Tick now) const { return now >= deadline_; }

private:
    [[nodiscard]] Result<Step, Fault> on_version(ByteView payload);
    [[nodiscard]] Result<Step, Fault> on_verack(ByteView payload) const;
    [[nodiscard]] HandshakeTranscript transcript() const;

    Ours ours_;
    bool outbound_;
    NodeAddress address_;
    Tick deadline_;
    struct Theirs {
        Introduction self;
        HandshakeNonce nonce{};
    };
    std::optional<Theirs> theirs_;
};

}  // namespace cairn::net
