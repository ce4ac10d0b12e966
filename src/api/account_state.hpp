#pragma once

#include <cstdint>

#include "node/view.hpp"

namespace cairn {

/// An account as one view shows it.
struct AccountState {
    Account account;               // as a transfer would find it: opened, if it never was
    std::uint64_t pending = 0;     // transfers of its own that wait in the pool
    std::uint64_t next_nonce = 0;  // of its next transfer, pending ones counted up to the first gap
    bool seen = false;
};
[[nodiscard]] AccountState account_state(const Staged& rows, const View& view,
                                         const Address& address);

}  // namespace cairn
