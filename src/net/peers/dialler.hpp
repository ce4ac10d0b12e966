#pragma once

#include <map>
#include <string>

#include "core/primitives/time.hpp"
#include "net/node_address.hpp"
#include "net/random.hpp"

namespace cairn::net {

/// When each address may be dialled: at once the first time, then with a wait that doubles from
/// `limits::kDialMin` to a given most, of which a random half is left out, so that nodes that fell
/// together do not come together. A connection that lasted a while begins anew.
class Dialler {
public:
    explicit Dialler(Random random) : random_{random} {}

    [[nodiscard]] bool due(const NodeAddress& address, Tick now) const;
    [[nodiscard]] bool dialling(const NodeAddress& address) const;
    void begin(const NodeAddress& address, Tick now);
    void succeeded(const NodeAddress& address);
    /// `most`: the longest wait that may come of it, in ms.
    void failed(const NodeAddress& address, const std::string& why, Tick most, Tick now);
    /// Of a connection that stood `lasted` ms.
    void closed(const NodeAddress& address, const std::string& why, Tick lasted, Tick most,
                Tick now);
    /// Those that are being dialled.
    [[nodiscard]] std::vector<NodeAddress> under_way() const;
    /// Dials that the transport never told the end of.
    [[nodiscard]] std::vector<NodeAddress> overdue(Tick now) const;
    void forget(const NodeAddress& address) { targets_.erase(address); }
    void clear() { targets_.clear(); }
    /// Forgets all that nobody wants any more and that is not being dialled.
    template <class Wanted>
    void keep_only(const Wanted& wanted) {
        std::erase_if(targets_, [&](const auto& target) {
            return !target.second.dialling && !wanted(target.first);
        });
    }
    [[nodiscard]] std::size_t size() const { return targets_.size(); }
    /// Tries that failed since the last success.
    [[nodiscard]] std::size_t failures(const NodeAddress& address) const;
    [[nodiscard]] std::string last_error(const NodeAddress& address) const;

private:
    struct Target {
        bool dialling = false;
        Tick since = 0;  // of the dial
        Tick next = 0;
        Tick wait = 0;
        std::size_t failures = 0;
        std::string last_error;
    };
    void wait_on(Target& target, const std::string& why, Tick most, Tick now);

    std::map<NodeAddress, Target> targets_;
    Random random_;
};

}  // namespace cairn::net
