#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <utility>

namespace cairn::net::transport {

/// The way into the transport's thread, for threads that may still hold it when the loop has gone.
class Line {
public:
    explicit Line(boost::asio::io_context& context) : context_{context} {}

    /// Runs `task` on the loop's thread; any thread. Forgotten once the line is cut.
    template <class Task>
    void post(Task task) {
        const std::lock_guard lock{mutex_};
        if (open_) boost::asio::post(context_, std::move(task));
    }
    void cut() {
        const std::lock_guard lock{mutex_};
        open_ = false;
    }

private:
    boost::asio::io_context& context_;
    std::mutex mutex_;
    bool open_ = true;  // guarded by mutex_
};

}  // namespace cairn::net::transport
