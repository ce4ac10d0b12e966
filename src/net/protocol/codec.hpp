#pragma once

#include <string>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "net/message.hpp"

/// Frames: one WebSocket message, `type u8 | payload` (docs/peers.md, Messages). Pure; any thread.
namespace cairn::net {

[[nodiscard]] Bytes encode(const Message& message);
/// A frame of a body that is at hand in bytes already, without a copy of anything else.
[[nodiscard]] Bytes block_frame(ByteView block);
[[nodiscard]] Bytes transfer_frame(ByteView transfer);

/// Checks sizes before it allocates, hashes what is hashed, and asks headers and blocks for their
/// proof of work. A fault is a sentence and ends the connection. `max_block` in bytes; `protocol`
/// as it is spoken with the sender.
[[nodiscard]] Result<Message, std::string> decode(Bytes frame, std::size_t max_block,
                                                  std::uint32_t protocol = kProtocolNewest);

/// The largest frame that a peer may send on a chain with this block size.
[[nodiscard]] std::size_t max_frame(std::size_t max_block);

}  // namespace cairn::net
