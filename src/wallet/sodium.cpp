#include "wallet/sodium.hpp"

#include <sodium.h>

#include "core/base/ensure.hpp"

namespace cairn {

void require_sodium() {
    static const bool ready = sodium_init() >= 0;
    ENSURE(ready);
}

}  // namespace cairn
