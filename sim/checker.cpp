#include "sim/checker.hpp"

namespace cairn::sim {

Result<TransferPtr, Rejection> Checker::transfer(const Bytes& bytes) {
    const auto known = verified_.find(txid_of(bytes));
    if (known != verified_.end()) return known->second;
    auto checked = check_transfer(bytes, params_);
    if (checked) verified_.emplace((*checked)->id(), *checked);
    return checked;
}

Result<BlockPtr, Rejection> Checker::block(const SharedBytes& bytes) {
    return check_block(bytes, params_, [this](const Txid& id) -> TransferPtr {
        const auto known = verified_.find(id);
        return known == verified_.end() ? nullptr : known->second;
    });
}

net::Checked Checker::check(const net::Check& body) {
    net::Checked checked{body.from, body.what, {}};
    if (body.what.kind == net::ItemKind::block) {
        auto verdict = block(body.bytes);
        if (verdict)
            checked.outcome = std::move(*verdict);
        else
            checked.outcome = std::move(verdict.error());
    } else {
        auto verdict = transfer(*body.bytes);
        if (verdict)
            checked.outcome = std::move(*verdict);
        else
            checked.outcome = std::move(verdict.error());
    }
    return checked;
}

}  // namespace cairn::sim
