#pragma once

#include <unordered_map>

#include "core/consensus/checked.hpp"
#include "net/actions.hpp"

namespace cairn::sim {

/// The checks of bodies, for all nodes of a world: a check is a function of the bytes, so what one
/// node verified need not be verified seven times more.
class Checker {
public:
    explicit Checker(const ChainParams& params) : params_{params} {}

    [[nodiscard]] net::Checked check(const net::Check& body);
    [[nodiscard]] Result<TransferPtr, Rejection> transfer(const Bytes& bytes);
    [[nodiscard]] Result<BlockPtr, Rejection> block(const SharedBytes& bytes);

private:
    const ChainParams& params_;
    std::unordered_map<Txid, TransferPtr> verified_;
};

}  // namespace cairn::sim
