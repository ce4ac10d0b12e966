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
    if (const auto waiting = tables::waiting(rows, address)) {
        state.pending = waiting->count;
        state.next_nonce = std::max(state.next_nonce, waiting->next);
    }
    return state;
}

}  // namespace cairn
