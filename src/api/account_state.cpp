#include "api/account_state.hpp"

#include <algorithm>

namespace cairn {

AccountState account_state(const Staged& rows, const View& view, const Address& address) {
    AccountState state;
    const auto known = tables::account(rows, address);
    state.seen = known.has_value();
    state.account = known.value_or(
        Account{std::min(view.chain->spec().opening, Amount::kMaxUnits - view.tip.issued), 0});
    state.next_nonce = state.account.nonce;
    for (const auto nonce : tables::pending_nonces(rows, address)) {
        ++state.pending;
        if (nonce == state.next_nonce) ++state.next_nonce;
    }
    return state;
}

}  // namespace cairn
