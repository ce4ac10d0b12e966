#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace cairn::http {

/// Counts connections, in all and by address. Any thread.
class Admissions : public std::enable_shared_from_this<Admissions> {
public:
    Admissions(std::size_t total, std::size_t per_address)
        : total_{total}, per_address_{per_address} {}

    /// A place, kept while the slot is.
    class Slot {
    public:
        Slot() = default;
        Slot(std::shared_ptr<Admissions> of, std::string address)
            : of_{std::move(of)}, address_{std::move(address)} {}
        Slot(Slot&& other) noexcept = default;
        Slot& operator=(Slot&& other) noexcept {
            std::swap(of_, other.of_);
            std::swap(address_, other.address_);
            return *this;
        }
        ~Slot() {
            if (of_) of_->leave(address_);
        }
        explicit operator bool() const { return of_ != nullptr; }

    private:
        std::shared_ptr<Admissions> of_;
        std::string address_;
    };

    /// An empty slot if there is no place; `exempt` addresses count in all only.
    [[nodiscard]] Slot enter(const std::string& address, bool exempt) {
        const std::lock_guard lock{mutex_};
        if (count_ >= total_) return {};
        auto& here = by_address_[address];
        if (!exempt && here >= per_address_) return {};
        ++here;
        ++count_;
        return {shared_from_this(), address};
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
    std::mutex mutex_;
    std::size_t count_ = 0;
    std::map<std::string, std::size_t> by_address_;
};

}  // namespace cairn::http
