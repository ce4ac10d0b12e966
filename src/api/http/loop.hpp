#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "api/http/handler.hpp"
#include "api/http/server.hpp"

namespace cairn::http {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Something with deadlines that lives on one loop.
class Tended {
public:
    virtual ~Tended() = default;
    virtual void tend(SteadyTime now) = 0;  // are you late?
    virtual void drain() = 0;               // finish what you are at, then go
    virtual void cut() = 0;                 // go
};

/// One I/O thread's world: its io_context and its connections. All on that thread, but `post`.
class Loop {
public:
    using Place = std::list<std::shared_ptr<Tended>>::iterator;

    Loop(const ServerConfig& config_in, Handler& handler_in);

    boost::asio::io_context context{1};
    const ServerConfig config;
    Handler& handler;

    /// Runs `task` on this loop's thread; any thread. Forgotten once the loop has closed.
    template <class Task>
    void post(Task task) {
        const std::lock_guard lock{open_mutex_};
        if (open_) boost::asio::post(context, std::move(task));
    }
    [[nodiscard]] bool runs_here() { return context.get_executor().running_in_this_thread(); }

    /// Keeps `one` alive until it is removed.
    Place add(std::shared_ptr<Tended> one);
    void remove(Place place);
    [[nodiscard]] bool draining() const { return draining_; }

    /// The value of a Date header.
    [[nodiscard]] const std::string& date();

    void run() { context.run(); }
    void drain();  // on the loop's thread; `run` returns when all have gone or the grace is over
    void close();  // after `run` has returned: nothing is posted any more

private:
    void schedule_tick();
    void on_tick();
    void end_if_drained();

    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer tick_;
    bool ticking_ = false;
    bool draining_ = false;
    SteadyTime drain_deadline_;
    std::list<std::shared_ptr<Tended>> tended_;
    std::time_t date_of_ = -1;
    std::string date_;

    std::mutex open_mutex_;
    bool open_ = true;  // guarded by open_mutex_
};

}  // namespace cairn::http
