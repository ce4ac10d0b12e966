#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace cairn::http {

/// Counts connections, in all and by address. The last places are a reserve: who gets one of them
/// has to show a token, or be another node. Any thread.
class Admissions : public std::enable_shared_from_this<Admissions> {
public:
    enum class Refusal : std::uint8_t { none, full, address };

    Admissions(std::size_t total, std::size_t per_address, std::size_t reserve)
        : total_{total}, per_address_{per_address}, reserve_{reserve} {}

    /// A place, kept while the slot is.
    class Slot {
    public:
        Slot() = default;
        explicit Slot(Refusal why) : refusal_{why} {}
        Slot(std::shared_ptr<Admissions> of, std::string address, bool in_reserve)
            : of_{std::move(of)}, address_{std::move(address)}, in_reserve_{in_reserve} {}
        Slot(Slot&& other) noexcept = default;
        Slot& operator=(Slot&& other) noexcept {
            std::swap(of_, other.of_);
            std::swap(address_, other.address_);
            in_reserve_ = other.in_reserve_;
            refusal_ = other.refusal_;
            return *this;
        }
        ~Slot() {
            if (of_) of_->leave(address_);
        }
        explicit operator bool() const { return of_ != nullptr; }
        [[nodiscard]] Refusal refusal() const { return refusal_; }
        /// Whether it is one of the last places.
        [[nodiscard]] bool in_reserve() const { return in_reserve_; }
        /// Another connection has given its place up for this one.
        void leave_reserve() { in_reserve_ = false; }

    private:
        std::shared_ptr<Admissions> of_;
        std::string address_;
        bool in_reserve_ = false;
        Refusal refusal_ = Refusal::none;
    };

    /// An empty slot if there is no place; `exempt` addresses count in all only.
    [[nodiscard]] Slot enter(const std::string& address, bool exempt) {
        const std::lock_guard lock{mutex_};
        if (count_ >= total_) return Slot{Refusal::full};
        auto& here = by_address_[address];
        if (!exempt && here >= per_address_) return Slot{Refusal::address};
        ++here;
        ++count_;
        return {shared_from_this(), address, count_ > total_ - reserve_};
    }
    /// Connections of that address.
    [[nodiscard]] std::size_t count_of(const std::string& address) const {
        const std::lock_guard lock{mutex_};
        const auto here = by_address_.find(address);
        return here == by_address_.end() ? 0 : here->second;
    }
    /// Only the reserve is left.
    [[nodiscard]] bool is_short() const {
        const std::lock_guard lock{mutex_};
        return count_ >= total_ - reserve_;
    }

private:
    void leave(const std::string& address) {
        const std::lock_guard lock{mutex_};
        --count_;
        const auto here = by_address_.find(address);
        if (--here->second == 0) by_address_.erase(here);
    }

    const std::size_t total_;
    const std::size_t per_address_;
    const std::size_t reserve_;
    mutable std::mutex mutex_;
    std::size_t count_ = 0;
    std::map<std::string, std::size_t> by_address_;
};

}  // namespace cairn::http
