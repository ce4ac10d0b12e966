#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cairn {

/// A bar on standard error, redrawn a few times a second; silent where that is no terminal.
class Progress {
public:
    Progress(std::string what, std::uint64_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    void show(std::uint64_t done);

private:
    std::string what_;
    std::uint64_t total_;
    bool terminal_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace cairn
