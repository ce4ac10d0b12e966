#include "app/slow_threads.hpp"

namespace cairn {

struct SlowThreads::State : std::enable_shared_from_this<State> {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> ready;
    std::map<std::string, std::deque<Job>> keyed;  // key held -> jobs waiting for it
    std::size_t waiting = 0;
    bool stopping = false;

    /// Queues a job that now has its key. The mutex is held.
    void launch(std::string key, Job job) {
        ready.emplace_back([state = shared_from_this(), key = std::move(key), job = std::move(job)] {
            // The hold's deleter, not its pointer, is what matters.
            Hold hold = key.empty() ? Hold{} : Hold{state.get(), [state, key](void*) { state->release(key); }};
            job(std::move(hold));
        });
    }
    void release(const std::string& key) {
        std::deque<Job> dropped;  // outside the lock: a job may own another hold
        {
            const std::lock_guard lock{mutex};
            const auto place = keyed.find(key);
            if (stopping) dropped = std::move(place->second);
            if (stopping || place->second.empty()) {
                waiting -= dropped.size();
                keyed.erase(place);
                return;
            }
            Job next = std::move(place->second.front());
            place->second.pop_front();
            --waiting;
            launch(key, std::move(next));
        }
        wake.notify_one();
    }
    void run() {
        for (;;) {
            std::function<void()> job;
            {
                std::unique_lock lock{mutex};
                wake.wait(lock, [&] { return stopping || !ready.empty(); });
                if (ready.empty()) return;
                job = std::move(ready.front());
                ready.pop_front();
            }
            job();
        }
    }
};

SlowThreads::SlowThreads() : state_{std::make_shared<State>()} {
    for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([state = state_] { state->run(); });
}

SlowThreads::~SlowThreads() { stop(); }

void SlowThreads::stop() {
    {
        const std::lock_guard lock{state_->mutex};
        state_->stopping = true;
    }
    state_->wake.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

bool SlowThreads::post(std::string key, Job job) {
    {
        const std::lock_guard lock{state_->mutex};
        if (state_->stopping || state_->ready.size() + state_->waiting >= kWaitingMax) return false;
        if (!key.empty()) {
            const auto [place, free] = state_->keyed.try_emplace(key);
            if (!free) {
                place->second.push_back(std::move(job));
                ++state_->waiting;
                return true;
            }
        }
        state_->launch(std::move(key), std::move(job));
    }
    state_->wake.notify_one();
    return true;
}

void SlowThreads::resume(std::function<void()> job) {
    {
        const std::lock_guard lock{state_->mutex};
        // Once the threads have gone nobody would take it, and its hold would keep the queue alive.
        if (!state_->stopping) state_->ready.push_back(std::move(job));
    }
    state_->wake.notify_one();
}

}  // namespace cairn
