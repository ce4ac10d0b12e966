#pragma once

#include <cstddef>
#include <cstdint>

#include "core/primitives/digest.hpp"
#include "net/random.hpp"

namespace cairn::net {

/// Eight bytes for an id, which whoever chooses ids cannot foresee without the secret: nobody can
/// make ids that stand in each other's way in a table.
class TxidMark {
public:
    explicit TxidMark(std::uint64_t secret) : secret_{secret} {}

    std::size_t operator()(const Txid& id) const {
        std::uint64_t mark = secret_;
        for (std::size_t i = 0; i < id.bytes.size(); ++i)
            mark ^= std::uint64_t{id.bytes[i]} << 8 * (i % 8);
        return Random{mark}.next();
    }

private:
    std::uint64_t secret_;
};

}  // namespace cairn::net
