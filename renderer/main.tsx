import './styles/index.css';
import './styles/toasts.css';
import { start } from './start.tsx';
import { connect } from './transport/connect.ts';

start(connect);
