#pragma once

#include <cstddef>
#include <functional>

#include "core/base/bytes.hpp"
#include "core/primitives/header.hpp"
#include "core/primitives/time.hpp"

namespace cairn {

/// Where an answer that is made in pieces has blocks from. Null: not now, go on in the next call
/// (`PieceStream::block`).
using BlockFinder =
    std::function<SharedBytes(Height height, const BlockHash& hash, std::size_t size)>;

}  // namespace cairn
