#pragma once

#include <cstdint>

#include "net/message.hpp"

/// What messages cost us, in millionths of a second of a core, roughly and rather too much than too
/// little: the table of docs/operations.md, Limits. Pure; any thread.
namespace cairn::net {

/// Of all guests together, and of all whom the operator named or we dialled: millionths a second,
/// for what they ask and for what they say without being asked.
inline constexpr std::uint64_t kAnswersOfGuests = 300'000, kAnswersOfNamed = 600'000;
inline constexpr std::uint64_t kTalkOfGuests = 200'000, kTalkOfNamed = 400'000;

/// An answer that was sent: of `bytes`, a frame as it went out.
[[nodiscard]] std::uint64_t cost_of_answer(ByteView frame);

/// A message that nobody asked the peer for.
[[nodiscard]] std::uint64_t cost_of(const Message& message);

/// What we asked a peer for and it has not sent yet: these messages cost it nothing. How much they
/// may be is bounded by what we ask.
class Solicited {
public:
    /// A frame of ours goes to the peer.
    void note_sent(ByteView frame);
    /// Whether a message of the peer's is such an answer; counts it.
    [[nodiscard]] bool take(const Message& message);

private:
    [[nodiscard]] static bool take_one(std::uint64_t& due, std::uint64_t count = 1);

    std::uint64_t headers_ = 0;
    std::uint64_t bodies_ = 0;  // and what of them is not there
    std::uint64_t pages_ = 0;
    std::uint64_t pongs_ = 0;
    std::uint64_t addresses_ = 0;
};

}  // namespace cairn::net
